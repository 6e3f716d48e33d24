"""Google by OpenID Connect: state, PKCE, nonce; an ID token whose signature, issuer, audience and age are checked."""

from __future__ import annotations

import secrets
from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from django.http import HttpRequest, HttpResponseBase

from accounts.third_party.base import CallbackView, ThirdParty

ALGORITHMS = ["RS256"]  # never the one that the token itself names
MUST_HAVE = ["iss", "aud", "sub", "exp", "iat", "nonce"]
ISSUERS = ["https://accounts.google.com", "accounts.google.com"]
PLACES = {
    "AUTHORIZE_URL": "https://accounts.google.com/o/oauth2/v2/auth",
    "TOKEN_URL": "https://oauth2.googleapis.com/token",
    "KEYS_URL": "https://www.googleapis.com/oauth2/v3/certs",
}


class GoogleAdapter(OAuth2Adapter):
    provider_id = "google"
    remembered: dict[str, Any]

    @property
    def access_token_url(self) -> str:  # type: ignore[override]
        return self._place("TOKEN_URL")

    @property
    def authorize_url(self) -> str:
        return self._place("AUTHORIZE_URL")

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """:raises OAuth2Error: if the ID token is missing or not exactly what was asked for"""
        provider = self.get_provider()
        said = request.GET.get("iss")
        if said is not None and said not in provider.issuers:  # RFC 9207: the answer of another provider
            raise OAuth2Error("another issuer answered")
        credential = kwargs["response"].get("id_token")
        if not isinstance(credential, str):
            raise OAuth2Error("no ID token")
        claims = self._read(credential, audience=app.client_id, issuers=provider.issuers)
        nonce = str(self.remembered.get("nonce") or "")
        if not nonce or not secrets.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise OAuth2Error("this ID token was made for another login")
        if claims.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("this ID token is another's")
        return provider.sociallogin_from_response(request, claims)

    def _read(self, credential: str, *, audience: str, issuers: list[str]) -> dict[str, Any]:
        try:
            key = self._key(str(jwt.get_unverified_header(credential).get("kid")))
            options: Any = {"require": MUST_HAVE}
            claims: dict[str, Any] = jwt.decode(
                credential, key, algorithms=ALGORITHMS, audience=audience, issuer=issuers, options=options, leeway=30
            )
        except jwt.PyJWTError as fault:
            raise OAuth2Error("the ID token is not valid") from fault
        return claims

    def _key(self, kid: str) -> Any:
        with get_adapter().get_requests_session() as session:
            answer = session.get(self._place("KEYS_URL"))
            answer.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(answer.json())
        found = next((key for key in keys.keys if key.key_id == kid), None)
        if found is None:
            raise OAuth2Error("signed with a key that the provider does not name")
        return found.key

    def _place(self, name: str) -> str:
        return str(self.get_provider().get_settings().get(name, PLACES[name]))


class Google(ThirdParty):
    id = "google"
    name = "Google"
    oauth2_adapter_class = GoogleAdapter
    pkce_enabled_default = True

    @property
    def issuers(self) -> list[str]:
        return list(self.get_settings().get("ISSUERS", ISSUERS))

    def get_default_scope(self) -> list[str]:
        return ["openid", "profile"]

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data["sub"])

    def redirect(self, request: HttpRequest, process: Any, **more: Any) -> HttpResponseBase:
        """With a nonce, kept with the state of this one login."""
        nonce = secrets.token_urlsafe(24)
        params = {**self.get_auth_params(), "nonce": nonce, "prompt": "select_account"}
        answer: HttpResponseBase = super().redirect(request, process, auth_params=params, nonce=nonce, **more)
        return answer


callback = CallbackView.adapter_view(GoogleAdapter)
