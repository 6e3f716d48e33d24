"""Outgoing calls: one client a process, and the site's own address answered in this process when no server runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import httpx
from django.conf import settings
from django.core.servers.basehttp import get_internal_wsgi_application
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from core import clock

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def client(*, base_url: str = "", timeout_seconds: float = 10, tells_time: bool = False) -> httpx.Client:
    """
    A client for a partner's API: no redirects, no proxy from the environment, no kept connections.

    Made once per process: reading the certificate store for each call would cost more than the call. ``tells_time``:
    for a pretended partner, which goes by the sandbox's clock.
    """
    return _client(base_url, timeout_seconds, tells_time, os.getpid())


def _tell_time(asked: httpx.Request) -> None:
    asked.headers["Sandbox-Now"] = f"{clock.now().timestamp():.6f}"


@lru_cache(maxsize=16)
def _client(base_url: str, timeout_seconds: float, tells_time: bool, process: int) -> httpx.Client:
    return httpx.Client(
        event_hooks={"request": [_tell_time] if tells_time else []},
        base_url=base_url,
        timeout=httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, 2)),
        trust_env=False,
        limits=httpx.Limits(max_keepalive_connections=0),
    )


@contextmanager
def in_process(partners: Mapping[str, WSGIApplication] | None = None) -> Iterator[None]:
    """
    Hand httpx requests for SITE_URL to the WSGI application itself; all others go over sockets as ever.

    The sandbox carrier lives on the same site and speaks signed HTTP. What is said and how it is verified stays the
    same; only the socket is left out. ``partners``: address → what else answers in this process.
    """
    others = {_place(urlsplit(base)): application for base, application in (partners or {}).items()}
    by_socket = httpx.HTTPTransport.handle_request

    def handle(transport: httpx.HTTPTransport, asked: httpx.Request) -> httpx.Response:
        place = (asked.url.host, asked.url.port)
        own = _place(urlsplit(settings.SITE_URL))
        application = get_internal_wsgi_application() if place == own else others.get(place)
        if application is None:
            return by_socket(transport, asked)
        with _kept_connection():
            answer = httpx.WSGITransport(app=application, raise_app_exceptions=False).handle_request(asked)
            answer.read()
            answer.close()
        return answer

    httpx.HTTPTransport.handle_request = handle  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        httpx.HTTPTransport.handle_request = by_socket  # type: ignore[method-assign]


def _place(address: SplitResult) -> tuple[str | None, int | None]:
    return address.hostname, address.port


@contextmanager
def _kept_connection() -> Iterator[None]:
    """As Django's own test client does: the connection is the caller's, perhaps in a transaction, and must stay."""
    signals = (request_started, request_finished)
    heard = [signal for signal in signals if signal.disconnect(close_old_connections)]
    try:
        yield
    finally:
        for signal in heard:
            signal.connect(close_old_connections)
