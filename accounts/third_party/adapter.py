"""Our word in allauth's social flows: nothing is linked, made or kept that its owner has not asked for here."""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, _build_apps_from_settings
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.services import third_party
from core import clock
from core.errors import DomainError
from core.http import actor_of
from core.security_log import event

PENDING = "third_party"  # of the session: who came from elsewhere and is not known here


class SocialAdapter(DefaultSocialAccountAdapter):
    def list_apps(self, request: Any, provider: Any = None, client_id: Any = None) -> list[Any]:
        """Those of the environment alone: no row in a table opens a way in."""
        found = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for apps in found.values() for app in apps]

    def get_requests_session(self) -> Any:
        """A few seconds of patience, and no redirects: what a provider's address answers is all we want of it."""
        session = super().get_requests_session()
        session.max_redirects = 0
        return session

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """A known account goes on to sign in. Others are connected where their owner is signed in and says so."""
        sociallogin.token = None
        who = {
            "provider": sociallogin.account.provider, "uid": sociallogin.account.uid,
            "name": sociallogin.account.extra_data.get("name", ""),
        }  # fmt: skip
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            raise ImmediateHttpResponse(self._connect(request, who))
        if not sociallogin.is_existing:
            request.session[PENDING] = {**who, "at": clock.now().timestamp()}
            messages.info(request, _("This account is new here. Sign up or sign in; then you can connect it."))
            raise ImmediateHttpResponse(redirect("account_signup"))

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        event("login.failed", request=request, factor=f"third_party:{getattr(provider, 'id', '')}")
        if error == AuthError.CANCELLED:
            messages.info(request, _("Signing in there was cancelled."))
        else:
            messages.error(request, _("Signing in there did not work. Please try again, or sign in another way."))
        raise ImmediateHttpResponse(redirect("accounts:security" if request.user.is_authenticated else "account_login"))

    def _connect(self, request: HttpRequest, who: dict[str, str]) -> Any:
        if not request.user.is_authenticated:
            return redirect("account_login")
        try:
            third_party.connect(user_id=request.user.pk, actor=actor_of(request), now=clock.now(), **who)
        except DomainError as refusal:
            messages.error(request, str(refusal.message))
        else:
            event("credential.changed", request=request, what="third_party", user_id=str(request.user.pk))
            messages.success(request, _("Connected. You can sign in with it from now on."))
        return redirect("accounts:security")
