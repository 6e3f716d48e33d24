"""Where logs go and what they look like: standard error always, a file and another system if asked for."""

from __future__ import annotations

from typing import Any

from config.env import env
from core.logs import formatter, syslog

LOG_FORMAT = env.str("LOG_FORMAT", default="json")
LOG_FILE = env.str("LOG_FILE", default="")
LOG_SYSLOG = env.str("LOG_SYSLOG", default="")

_handlers: dict[str, Any] = {"stderr": {"class": "logging.StreamHandler", "formatter": "house"}}
if LOG_FILE:  # a tool that rotates it may move it away: it is opened anew then
    _handlers["file"] = {
        "class": "logging.handlers.WatchedFileHandler", "filename": LOG_FILE, "formatter": "house", "encoding": "utf-8",
    }  # fmt: skip
if LOG_SYSLOG:
    _handlers["syslog"] = {"()": syslog, "address": LOG_SYSLOG, "formatter": "house"}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"house": {"()": formatter, "kind": LOG_FORMAT}},
    "handlers": _handlers,
    "root": {"handlers": list(_handlers), "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # Django gives these handlers of its own, in its own format and with mails to ADMINS.
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "gunicorn.error": {"handlers": [], "propagate": True},
        "gunicorn.access": {"handlers": [], "propagate": True},
        # Refusals are events of `security` already; these would say the same again without who and where.
        "django.request": {"level": "ERROR"},
        "django.security.csrf": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
