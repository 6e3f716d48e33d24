"""The environment, read in one place."""

from __future__ import annotations

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file() and not env.bool("IGNORE_DOTENV", default=False):
    environ.Env.read_env(BASE_DIR / ".env")

SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
DEMO_SECRET = "demo-key-never-for-real-money"  # noqa: S105  refused by check --deploy
DEMO_VAULT = "demo:ZGVtby12YXVsdC1rZXktbmV2ZXItZm9yLXJlYWwtbW9uZXkhIQ"


def database(url: str) -> dict[str, object]:
    """
    Connection settings for PostgreSQL or SQLite.

    SQLite: WAL, IMMEDIATE transactions (DEFERRED gives "database is locked" under load) and synchronous=FULL (NORMAL
    may lose the last commits at a power loss). PostgreSQL: persistent checked connections.
    """
    config: dict[str, object] = env.db_url_config(url)
    if "sqlite" in str(config["ENGINE"]):
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            " PRAGMA cache_size=-20000; PRAGMA temp_store=MEMORY;",
        }
        config["CONN_MAX_AGE"] = None
    else:
        config["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=600)
        config["CONN_HEALTH_CHECKS"] = True
        given = config.get("OPTIONS")  # what the address says: ?sslmode=verify-full&sslrootcert=…
        config["OPTIONS"] = {**(given if isinstance(given, dict) else {}), "options": "-c lock_timeout=5000"}
    return config
