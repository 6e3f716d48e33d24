"""
One format for all logs: a JSON object a line, UTC, with who, what and on which request, and nothing secret in it.

Whoever logs uses ``logging.getLogger(__name__)`` as ever; the fields are added here. What may be read of a request is
only what is known of it already: a log line asks no database.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import socket
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.http import HttpRequest

from core.masking import MASK, is_secret_name, mask, one_line

Event = MutableMapping[str, Any]
current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)
PLAIN = {"timestamp", "level", "logger", "request_id", "user_id", "device_id", "act", "task_id"}


def add_who_and_what(_logger: Any, _name: str, event: Event) -> Event:
    """Request, member, device and act, as far as they are known by now."""
    request = current_request.get()
    if request is None:
        return event
    event["request_id"] = getattr(request, "request_id", "")
    user = getattr(request, "_cached_user", None)
    if user is not None and getattr(user, "pk", None) is not None:
        event["user_id"] = str(user.pk)
    if device := getattr(request, "device_id", None):
        event["device_id"] = str(device)
    match = request.resolver_match
    if match is not None and "act" not in event:
        event["act"] = match.view_name or match.route
    return event


def add_facts(_logger: Any, _name: str, event: Event) -> Event:
    """What a log call gave as ``extra={"facts": {…}}``."""
    record = event.get("_record")
    facts = getattr(record, "facts", None)
    if isinstance(facts, dict):
        event.update({name: value for name, value in facts.items() if name not in event})
    return event


def mask_all(_logger: Any, _name: str, event: Event) -> Event:
    for name, value in event.items():
        if name not in PLAIN:
            event[name] = MASK if is_secret_name(name) and value else mask(value)
    return event


def as_json(_logger: Any, _name: str, event: Event) -> str:
    """One line whatever is in it: JSON writes breaks as escapes, and the few it leaves alone are written out."""
    return one_line(json.dumps(event, ensure_ascii=False, default=str))


def as_line(_logger: Any, _name: str, event: Event) -> str:
    """For the eyes of a developer: the same facts, without the braces; only a stack trace keeps its lines."""
    trace = event.pop("exception", "")
    head = [str(event.pop(name, "")) for name in ("timestamp", "level", "logger", "event")]
    text = one_line(" ".join([*head, *(f"{name}={value}" for name, value in event.items() if value != "")]))
    return f"{text}\n{trace}" if trace else text


def formatter(kind: str = "json") -> logging.Formatter:
    """The formatter of every handler, also of gunicorn's and celery's."""
    render: Callable[[Any, str, Event], str] = as_line if kind == "line" else as_json
    common: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.contextvars.merge_contextvars,
        add_who_and_what,
    ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=common,
        processors=[
            add_facts,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            mask_all,
            render,
        ],
    )


class Syslog(logging.handlers.SysLogHandler):
    """
    A copy to another system. One that is away stops nobody: lines are lost there and kept here.

    What cannot be sent is not written out raw either, as the handler of the library would: it is not masked yet then.
    """

    append_nul = False
    socket: socket.socket | None

    def createSocket(self) -> None:
        with suppress(OSError):
            super().createSocket()

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        return line + "\n" if self.socktype == socket.SOCK_STREAM and isinstance(self.address, tuple) else line

    def handleError(self, record: logging.LogRecord) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def syslog(address: str) -> logging.Handler:
    """
    The handler of ``LOG_SYSLOG``: ``unix:/dev/log``, ``udp://host:514`` or ``tcp://host:601``.

    :raises ValueError: if the address is none of these
    """
    if address.startswith("unix:"):
        return Syslog(address=address.removeprefix("unix:"))
    parts = urlsplit(address)
    kinds = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}
    if parts.scheme not in kinds or not parts.hostname:
        raise ValueError("LOG_SYSLOG is unix:/path, udp://host:port or tcp://host:port")
    return Syslog((parts.hostname, parts.port or 514), socktype=kinds[parts.scheme])


def bind_task(task_id: str, name: str) -> None:
    """From here on, lines of this thread belong to a task of the worker."""
    structlog.contextvars.bind_contextvars(task_id=task_id, act=name)


def unbind_task() -> None:
    structlog.contextvars.unbind_contextvars("task_id", "act")
