"""Going to another site to sign in or to connect an account there, coming back, and letting it go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.confirming import ensure
from accounts.requests import MemberRequest
from accounts.services import standing, third_party
from accounts.services.step_up import Act
from accounts.third_party import google, qq, weixin
from accounts.third_party.adapter import PENDING
from core import clock
from core.guards import member, public
from core.http import actor_of, is_own_place
from core.security_log import event

PENDING_FOR = timedelta(minutes=15)
CALLBACKS = {"google": google.callback, "weixin": weixin.callback, "qq": qq.callback}


@public
@require_POST
def begin(request: HttpRequest, provider: str) -> HttpResponseBase:
    """Off to sign in there."""
    found = provider_of(request, provider)
    if request.user.is_authenticated:
        return redirect("accounts:me")
    onward = request.POST.get("next", "")
    return _off(found, request, AuthProcess.LOGIN, onward if is_own_place(request, onward) else "")


@public
@require_safe
def callback(request: HttpRequest, provider: str) -> HttpResponseBase:
    """Back from there. Each provider has an address of its own, so none can answer for another."""
    provider_of(request, provider)
    answer: HttpResponseBase = CALLBACKS[provider](request)
    return answer


@member
@require_POST
def connect(request: MemberRequest, provider: str) -> HttpResponseBase:
    """Off to connect an account there, once it is clear who is here."""
    found = provider_of(request, provider)
    standing.require(request.user.pk, "change_sign_in")
    with transaction.atomic():
        ensure(request, Act("factor", target=f"connect:{provider}"))
    return _off(found, request, AuthProcess.CONNECT, "")


@member
@require_POST
def add(request: MemberRequest) -> HttpResponseBase:
    """Connect the account with which this person came and was not known."""
    who = pending_of(request)
    if who is None:
        return redirect("accounts:security")
    with transaction.atomic():
        ensure(request, Act("factor", target=f"connect:{who['provider']}"))
        third_party.connect(user_id=request.user.pk, actor=actor_of(request), now=clock.now(), **who)
    del request.session[PENDING]
    event("credential.changed", request=request, what="third_party", user_id=str(request.user.pk))
    messages.success(request, _("Connected. You can sign in with it from now on."))
    return redirect("accounts:security")


@member
@require_POST
def disconnect(request: MemberRequest, account_id: int) -> HttpResponseBase:
    """Let it sign in no more."""
    with transaction.atomic():
        ensure(request, Act("factor", target=f"disconnect:{account_id}"))
        third_party.disconnect(
            user_id=request.user.pk, account_id=account_id, actor=actor_of(request), now=clock.now()
        )  # fmt: skip
    event("credential.changed", request=request, what="third_party", user_id=str(request.user.pk))
    messages.success(request, _("Disconnected. It opens nothing here any more."))
    return redirect("accounts:security")


def pending_of(request: HttpRequest) -> dict[str, str] | None:
    """Who came from elsewhere in this session a moment ago and is not known here."""
    found = request.session.get(PENDING)
    if not found or clock.now().timestamp() - found["at"] > PENDING_FOR.total_seconds():
        return None
    return {name: str(found[name]) for name in ("provider", "uid", "name")}


def provider_of(request: HttpRequest, name: str) -> Any:
    if name not in CALLBACKS or name not in settings.SOCIALACCOUNT_PROVIDERS:
        raise Http404
    return get_adapter().get_provider(request, provider=name)


def _off(found: Any, request: HttpRequest, process: str, onward: str) -> HttpResponseBase:
    try:
        answer: HttpResponseBase = found.redirect(request, process, next_url=onward or None)
    except ImmediateHttpResponse as fault:
        answer = fault.response
    return answer
