"""
The settings tests run under: config.settings, with folders, keys and queues of their own.

Each pytest process gets its own VAR_DIR and Redis database, so that parallel tests never share a cache or a queue.
What a test starts inherits all of it through the environment.
"""

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

if "TEST_DIR" not in os.environ:
    os.environ["TEST_DIR"] = tempfile.mkdtemp(prefix="tashi-tests-")
    atexit.register(shutil.rmtree, os.environ["TEST_DIR"], ignore_errors=True)

worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
own = Path(os.environ["TEST_DIR"]) / worker
own.mkdir(parents=True, exist_ok=True)

os.environ.update(
    IGNORE_DOTENV="1",
    VAR_DIR=str(own),
    STATIC_STORAGE="django.contrib.staticfiles.storage.StaticFilesStorage",
)
os.environ.setdefault("SANDBOX", "1")
os.environ.setdefault("NUDGE", "0")
os.environ.setdefault("LOG_LEVEL", "WARNING")
os.environ.setdefault("SECRET_KEY", "a-key-for-tests-which-guards-nothing-and-nobody-at-all")
os.environ.setdefault("VAULT_KEYS", "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
os.environ.setdefault("SIGNING_KEY", "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=")
os.environ.setdefault("SITE_URL", "http://testserver")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")
os.environ["DATABASE_URL"] = os.environ.get("DATABASE_URL") or f"sqlite:///{own / 'tashi.sqlite3'}"
if os.environ.get("REDIS_URL"):
    number = int(re.sub(r"\D", "", worker) or -1) + 1
    os.environ["REDIS_URL"] = re.sub(r"/\d*$", "", os.environ["REDIS_URL"]) + f"/{number}"

from tests import ids  # noqa: E402

ids.take_over()

from config.settings import *  # noqa: E402

STATIC_ROOT.mkdir(parents=True, exist_ok=True)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
database: dict[str, Any] = DATABASES["default"]
if "sqlite" in database["ENGINE"]:
    # A file, not memory: threads and servers under test then meet the locks they meet in the shop.
    database["TEST"] = {"NAME": str(own / "test.sqlite3")}
    options = database["OPTIONS"]
    options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
