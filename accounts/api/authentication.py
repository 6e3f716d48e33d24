"""``Authorization: Token …``: a merchant's own system, bound to one store."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiToken, User
from core import clock

SEEN_EVERY = timedelta(minutes=10)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class TokenAuthentication(BaseAuthentication):
    """Sets ``request.auth`` to the token row, whose ``store_id`` is all that this system may touch."""

    keyword = "Token"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != self.keyword.lower():
            return None
        row = ApiToken.objects.select_related("user").filter(digest=digest_of(token.strip())).first()
        now = clock.now()
        if row is None or row.revoked_at is not None or not row.user.is_active:
            raise AuthenticationFailed(_("This token is not valid."))
        if row.expires_at is not None and row.expires_at <= now:
            raise AuthenticationFailed(_("This token has expired."))
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - SEEN_EVERY)
        ApiToken.objects.filter(stale, pk=row.pk).update(last_used_at=now)
        return row.user, row

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the description of the API names it."""

    target_class = TokenAuthentication
    name = "storeToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        words = "`Token …`: made for one store, for the addresses under /api/v1/merchant/"
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": words}
