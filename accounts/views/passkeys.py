"""Passkeys: made, named, removed, and used to sign in."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.mfa.base.internal.flows import post_authentication
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import passkeys
from accounts.confirming import confirmed_first, ensure
from accounts.queries.factors import recovery_left
from accounts.requests import MemberRequest
from accounts.services import factors
from accounts.services.step_up import Act
from accounts.views.changing import factor_change
from core import clock
from core.errors import DomainError
from core.guards import member, public
from core.http import actor_of, is_own_place
from core.security_log import event

LOGIN = "login"
NEW = "passkey"  # what a proof to add one names


@public
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """With a passkey alone: it is something one has, opened by something one knows or is."""
    if not passkeys.are_possible():
        raise Http404
    if request.user.is_authenticated:
        return redirect("accounts:me")
    refusal = None
    if request.method == "POST":
        try:
            return _enter(request)
        except DomainError as refused:
            event("login.failed", request=request, factor="passkey")
            refusal = refused
    page = {"options": passkeys.ask(request, LOGIN), "refusal": refusal, "next": _onward(request)}
    return render(request, "account/passkey.html", page, status=400 if refusal else 200)


@member
@confirmed_first("factor", NEW)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: MemberRequest) -> HttpResponse:
    """Make one on this device or key; then the recovery codes, if there are none yet."""
    if not passkeys.are_possible():
        raise Http404
    refusal = None
    if request.method == "POST":
        try:
            codes = _add(request)
        except passkeys.WrongPasskey as refused:
            refusal = refused
        else:
            messages.success(request, _("Your passkey is set up."))
            page = {"codes": codes, "left": recovery_left(request.user), "has_factor": True}
            return render(request, "accounts/recovery_codes.html", page) if codes else redirect("accounts:security")
    page = {"options": passkeys.ask_new(request, request.user), "refusal": refusal}
    return render(request, "accounts/passkey_add.html", page, status=400 if refusal else 200)


@member
@require_POST
def rename(request: MemberRequest, passkey_id: int) -> HttpResponse:
    factors.rename_passkey(user_id=request.user.pk, passkey_id=passkey_id, name=request.POST.get("name", ""))
    messages.success(request, _("Saved."))
    return redirect("accounts:security")


@member
@require_POST
def remove(request: MemberRequest, passkey_id: int) -> HttpResponse:
    """Take it back: it opens nothing here any more."""
    with factor_change(request):
        ensure(request, Act("factor", target=f"passkey:{passkey_id}"))
        factors.remove_passkey(
            user_id=request.user.pk, passkey_id=passkey_id, actor=actor_of(request), now=clock.now()
        )  # fmt: skip
    event("credential.changed", request=request, what="factor", user_id=str(request.user.pk))
    messages.success(request, _("The passkey is removed."))
    return redirect("accounts:security")


def _enter(request: HttpRequest) -> HttpResponse:
    found = passkeys.judge(request, LOGIN, request.POST.get("credential", ""))
    post_authentication(request, found, passwordless=True)
    response: HttpResponse = perform_login(request, Login(user=found.user, redirect_url=_onward(request) or None))
    return response


def _add(request: MemberRequest) -> list[str]:
    credential = passkeys.judge_new(request, request.POST.get("credential", ""))
    with factor_change(request):
        codes = factors.add_passkey(
            user_id=request.user.pk, name=request.POST.get("name", ""), credential=credential,
            actor=actor_of(request), now=clock.now(),
        )  # fmt: skip
        ensure(request, Act("factor", target=NEW))
    event("credential.changed", request=request, what="factor", user_id=str(request.user.pk))
    return codes


def _onward(request: HttpRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next", "")
    return asked if is_own_place(request, asked) else ""
