"""Who a session belongs to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from accounts import lockout
from accounts.models import User
from core.prepared import Blank, Prepared

_BY_ID = Prepared(lambda: User.objects.filter(pk=Blank("pk")))


class Backend(AuthenticationBackend):
    """
    allauth's own, but for two looks at the member: the one that every request begins with is a prepared query, and the
    one by name is one query for whatever was typed. Allauth asks twice for an e-mail that nobody has.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        user = lockout.member_of(request, credentials)
        found: User | None = self._check_password(user, credentials.get("password") or "")
        return found

    def get_user(self, user_id: Any) -> User | None:
        user = _BY_ID.first(pk=user_id if isinstance(user_id, UUID) else UUID(str(user_id)))
        return user if user is not None and self.user_can_authenticate(user) else None
