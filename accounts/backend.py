"""Who a session belongs to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import User
from core.prepared import Blank, Prepared

_BY_ID = Prepared(lambda: User.objects.filter(pk=Blank("pk")))


class Backend(AuthenticationBackend):
    """allauth's own; only the look at the member, which every request begins with, is a prepared query."""

    def get_user(self, user_id: Any) -> User | None:
        user = _BY_ID.first(pk=user_id if isinstance(user_id, UUID) else UUID(str(user_id)))
        return user if user is not None and self.user_can_authenticate(user) else None
