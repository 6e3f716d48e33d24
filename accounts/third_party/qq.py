"""QQ 互联: OAuth 2 that answers JSON only when asked with ``fmt=json``, and says who it is at an address of its own."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from django.http import HttpRequest

from accounts.third_party.base import CallbackView, ThirdParty, ask, own_id

PLACES = {
    "AUTHORIZE_URL": "https://graph.qq.com/oauth2.0/authorize",
    "TOKEN_URL": "https://graph.qq.com/oauth2.0/token",
    "ME_URL": "https://graph.qq.com/oauth2.0/me",
    "PROFILE_URL": "https://graph.qq.com/user/get_user_info",
}


class QQClient(OAuth2Client):
    def get_access_token(self, code: str, pkce_code_verifier: Any = None, extra_data: Any = None) -> dict[str, Any]:
        params = {
            "grant_type": "authorization_code", "client_id": self.consumer_key, "client_secret": self.consumer_secret,
            "code": code, "redirect_uri": self.callback_url, "fmt": "json",
        }  # fmt: skip
        said = ask(self.access_token_url, params)
        if not said.get("access_token"):
            raise OAuth2Error("no token in the answer")
        return said


class QQAdapter(OAuth2Adapter):
    provider_id = "qq"
    client_class = QQClient
    remembered: dict[str, Any]

    @property
    def access_token_url(self) -> str:  # type: ignore[override]
        return self._place("TOKEN_URL")

    @property
    def authorize_url(self) -> str:
        return self._place("AUTHORIZE_URL")

    def parse_token(self, data: dict[str, Any]) -> Any:
        return super().parse_token({"access_token": str(data["access_token"])})

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """:raises OAuth2Error: if they refuse, or the token was made for another site"""
        who = ask(self._place("ME_URL"), {"access_token": token.token, "unionid": "1", "fmt": "json"})
        if str(who.get("client_id")) != app.client_id:
            raise OAuth2Error("this token is another site's")
        asked = {"access_token": token.token, "oauth_consumer_key": app.client_id, "openid": str(who.get("openid", ""))}
        profile = ask(self._place("PROFILE_URL"), asked)
        data = {"nickname": profile.get("nickname"), "openid": who.get("openid"), "unionid": who.get("unionid")}
        return self.get_provider().sociallogin_from_response(request, data)

    def _place(self, name: str) -> str:
        return str(self.get_provider().get_settings().get(name, PLACES[name]))


class QQ(ThirdParty):
    id = "qq"
    name = "QQ"
    oauth2_adapter_class = QQAdapter

    def get_default_scope(self) -> list[str]:
        return ["get_user_info"]

    def extract_uid(self, data: dict[str, Any]) -> str:
        return own_id(data)


callback = CallbackView.adapter_view(QQAdapter)
