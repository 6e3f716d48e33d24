"""Ask a running part whether it is well: `python -m tooling.healthcheck web|bank [port] | beat` (exit code 0: yes)."""

from __future__ import annotations

import http.client
import os
import sys
import time
from pathlib import Path

BEAT_SILENCE_SECONDS = 600


def web_is_well(port: int, *, host: str = "127.0.0.1") -> bool:
    """Say whether /healthz answers 200, asked as the proxy in front would ask."""
    names = [name for name in os.environ.get("ALLOWED_HOSTS", "").split(",") if name]
    shown = names[0].lstrip(".*") if names else ""
    headers = {"Host": shown or "127.0.0.1", "X-Forwarded-Proto": "https"}
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers=headers)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def beat_is_well(schedule: Path) -> bool:
    """Say whether the ticker wrote its book lately; it does so every three minutes."""
    books = list(schedule.parent.glob(schedule.name + "*"))
    return any(time.time() - book.stat().st_mtime < BEAT_SILENCE_SECONDS for book in books)


def main(args: list[str]) -> int:
    if args[:1] == ["beat"]:
        return 0 if beat_is_well(Path(os.environ.get("VAR_DIR", "var")) / "beat") else 1
    if args[:1] == ["bank"]:
        return 0 if web_is_well(int(args[1]) if len(args) > 1 else 8900) else 1
    return 0 if web_is_well(int(args[1]) if len(args) > 1 else 8000) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
