"""Calls to the site's own address answered in this process, for when no server runs: the demo's seed and the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core.servers.basehttp import get_internal_wsgi_application
from django.core.signals import request_finished, request_started
from django.db import close_old_connections


@contextmanager
def in_process() -> Iterator[None]:
    """
    Hand httpx requests for SITE_URL to the WSGI application itself; all others go over sockets as ever.

    The sandbox bank and carrier live on the same site and speak signed HTTP. What they say and how it is verified stays
    the same; only the socket is left out.
    """
    by_socket = httpx.HTTPTransport.handle_request

    def handle(transport: httpx.HTTPTransport, asked: httpx.Request) -> httpx.Response:
        own = urlsplit(settings.SITE_URL)
        if (asked.url.host, asked.url.port) != (own.hostname, own.port):
            return by_socket(transport, asked)
        application = get_internal_wsgi_application()
        with _kept_connection():
            answer = httpx.WSGITransport(app=application, raise_app_exceptions=False).handle_request(asked)
            answer.read()
            answer.close()
        return answer

    httpx.HTTPTransport.handle_request = handle  # type: ignore[method-assign]
    try:
        yield
    finally:
        httpx.HTTPTransport.handle_request = by_socket  # type: ignore[method-assign]


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
