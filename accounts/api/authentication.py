"""``Authorization: Token …``: a merchant's own system, bound to one store; ``X-Session-Token``: a person in an app."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any

from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication
from allauth.headless.internal import sessionkit
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts import lifetimes
from accounts.models import ApiToken, User
from accounts.services import standing
from accounts.staff_factor import FactorNeeded, is_shut_out
from core import clock

SEEN_EVERY = timedelta(minutes=10)
_SESSION_KEY = re.compile(r"\A[0-9a-z]{32}\Z")


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
        _refuse_shut(row.user)
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - SEEN_EVERY)
        ApiToken.objects.filter(stale, pk=row.pk).update(last_used_at=now)
        return row.user, row

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


class AppSessions(SessionTokenStrategy):
    """An app's token is the key of a session; what does not look like one is not looked up, and one query is enough."""

    def lookup_session(self, session_token: str) -> SessionBase | None:
        if not _SESSION_KEY.match(session_token):
            return None
        found: SessionBase | None = sessionkit.lookup_session(session_token)
        return None if found is not None and lifetimes.over_because(found) else found


class AppAuthentication(XSessionTokenAuthentication):
    """
    A person in an app, with all he may do in a browser and nothing more; ``request.auth`` stays empty as it does there.

    A token that is over is refused. It must not fall through to the cookie of somebody else on the same machine.
    """

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        if self.get_session_token(request) is None:
            return None
        found = super().authenticate(request)
        if not found:
            raise AuthenticationFailed(_("This session is over. Please sign in again."))
        _refuse_shut(found[0])
        if is_shut_out(found[0]):
            raise PermissionDenied(FactorNeeded.default_message, code=FactorNeeded.code)
        vars(request)["app_session"] = found[1]  # accounts.api.sessions
        return found[0], None

    def authenticate_header(self, request: Request) -> str:
        return "Token"


def _refuse_shut(user: User) -> None:
    if not standing.may(user.standing, "use"):
        raise standing.AccountFrozen


class AppScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the description of the API names it."""

    target_class = AppAuthentication
    name = "appSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        words = "From `meta.session_token` of /api/v1/auth/: a signed-in person in an app"
        return {"type": "apiKey", "in": "header", "name": "X-Session-Token", "description": words}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the description of the API names it."""

    target_class = TokenAuthentication
    name = "storeToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        words = "`Token …`: made for one store, for the addresses under /api/v1/merchant/"
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": words}
