"""The session behind a request of the API: an app's is named by its token, a browser's by its cookie."""

from __future__ import annotations

from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from rest_framework.request import Request

from accounts.doors import DEVICE_KEY


def session_of(request: Request) -> SessionBase:
    found: SessionBase | None = getattr(request, "app_session", None)  # set by AppAuthentication
    return request._request.session if found is None else found


def session_key_of(request: Request) -> str:
    return str(session_of(request).session_key or "")


def device_here(request: Request) -> UUID | None:
    """The trusted device this session lives on."""
    found = session_of(request).get(DEVICE_KEY)
    return UUID(found) if found else None
