"""What a view behind ``member`` gets."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.models import User


class MemberRequest(HttpRequest):
    """A request whose user is known: ``core.guards.member`` has sent all others to sign in."""

    user: User  # type: ignore[assignment]
