"""What the three have in common."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.http import HttpRequest

LONGEST_NAME = 60


class ThirdParty(OAuth2Provider):
    """Nothing of what is asked of the provider comes from the address of a page; no e-mail is believed."""

    account_class = ProviderAccount

    def get_auth_params_from_request(self, request: HttpRequest, action: Any) -> dict[str, str]:
        params: dict[str, str] = self.get_auth_params()
        return params

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        scope: list[str] = self.get_scope()
        return scope

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, str]:
        name = data.get("nickname") or data.get("name") or data.get("email") or ""
        return {"name": str(name)[:LONGEST_NAME]}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, str]:
        return {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        return []


class CallbackView(OAuth2CallbackView):
    """Hands what was remembered at the start to the adapter: the nonce is compared there."""

    def _get_state(self, request: HttpRequest, provider: Any) -> Any:
        state, answer = super()._get_state(request, provider)
        self.adapter.remembered = state or {}
        return state, answer


def own_id(data: dict[str, Any]) -> str:
    """
    ``unionid``, one for all apps of an owner, before ``openid``: a web page and a mini program are one person's.

    :raises OAuth2Error: if there is neither
    """
    found = data.get("unionid") or data.get("openid")
    if not isinstance(found, str) or not found:
        raise OAuth2Error("no id of the person in the answer")
    return found


def ask(url: str, params: dict[str, str]) -> dict[str, Any]:
    """
    GET a JSON object from a provider.

    :raises OAuth2Error: if the answer is an error, which both of them send with status 200, or no object
    """
    with get_adapter().get_requests_session() as session:
        answer = session.get(url, params=params)
        answer.raise_for_status()
        answer.encoding = "utf-8"
        try:
            said = answer.json()
        except ValueError as fault:
            raise OAuth2Error("the answer is no JSON") from fault
    if not isinstance(said, dict) or said.get("errcode") or said.get("error") or said.get("ret"):
        raise OAuth2Error("the provider refused")
    return said
