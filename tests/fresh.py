"""How long ago somebody entered his password, for tests of what asks for it again."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY, record_authentication
from django.test import Client


def note_password(sender: Any, request: Any, user: Any, **_: Any) -> None:
    """What allauth notes when a password was entered for confirmation."""
    if request is not None and hasattr(request, "session"):
        record_authentication(request, user, method="password", reauthenticated=True)


def let_time_pass(client: Client) -> None:
    """The password was entered too long ago for what is sensitive."""
    session = client.session
    session.pop(AUTHENTICATION_METHODS_SESSION_KEY, None)
    session.save()
