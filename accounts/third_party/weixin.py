"""Weixin's web login (微信开放平台): OAuth 2 in its own spelling, without PKCE or ID token."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.providers.weixin import views
from allauth.socialaccount.providers.weixin.client import WeixinOAuth2Client
from django.http import HttpRequest

from accounts.third_party.base import CallbackView, ThirdParty, ask, own_id

PLACES = {
    "AUTHORIZE_URL": "https://open.weixin.qq.com/connect/qrconnect",
    "TOKEN_URL": "https://api.weixin.qq.com/sns/oauth2/access_token",
    "PROFILE_URL": "https://api.weixin.qq.com/sns/userinfo",
}


class WeixinClient(WeixinOAuth2Client):
    """Their way to ask for the token is GET; errors come with status 200."""

    def get_access_token(self, code: str, pkce_code_verifier: Any = None, extra_data: Any = None) -> dict[str, Any]:
        params = {"appid": self.consumer_key, "secret": self.consumer_secret, "code": code}
        return ask(self.access_token_url, {**params, "grant_type": "authorization_code"})


class WeixinAdapter(views.WeixinOAuth2Adapter):
    client_class = WeixinClient
    remembered: dict[str, Any]

    @property
    def access_token_url(self) -> str:  # type: ignore[override]
        return self._place("TOKEN_URL")

    @property
    def authorize_url(self) -> str:
        return self._place("AUTHORIZE_URL")

    def parse_token(self, data: dict[str, Any]) -> Any:
        own_id(data)
        return super().parse_token({"access_token": str(data.get("access_token", ""))})

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """:raises OAuth2Error: if they refuse, or speak of another person than the token"""
        first = kwargs["response"]
        profile = ask(self._place("PROFILE_URL"), {"access_token": token.token, "openid": str(first.get("openid", ""))})
        known = {"openid": first.get("openid"), "unionid": first.get("unionid") or profile.get("unionid")}
        return self.get_provider().sociallogin_from_response(request, {**profile, **known})

    def _place(self, name: str) -> str:
        return str(self.get_provider().get_settings().get(name, PLACES[name]))


class Weixin(ThirdParty):
    id = "weixin"
    name = "微信"
    oauth2_adapter_class = WeixinAdapter

    def get_default_scope(self) -> list[str]:
        return ["snsapi_login"]

    def extract_uid(self, data: dict[str, Any]) -> str:
        return own_id(data)


callback = CallbackView.adapter_view(WeixinAdapter)
