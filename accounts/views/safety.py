"""“Safety”: how the account stands, what to do about it, and the way to everything that guards it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.confirming import ensure
from accounts.doors import device_of, seen_by
from accounts.forms.safety import NewPasswordForm
from accounts.models import User
from accounts.queries.own_safety import safety_of
from accounts.requests import MemberRequest
from accounts.services.links import read_stop
from accounts.services.step_up import Act
from core import clock
from core.guards import member, public
from core.http import actor_of
from flows import guarding, reopening


@member
@require_safe
def safety(request: MemberRequest) -> HttpResponse:
    """How one's account stands, what was changed lately, and what one may do."""
    page = {"safety": safety_of(request.user, device_id=device_of(request), now=clock.now())}
    return render(request, "accounts/safety.html", page)


@member
@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: MemberRequest) -> HttpResponse:
    """Out of “limited” by oneself: on a device that was trusted before, or with a factor, and with a new password."""
    user, now = request.user, clock.now()
    form = NewPasswordForm(request.POST if request.method == "POST" else None, user=user)
    if request.method != "POST" or not form.is_valid():
        page = {"form": form, "safety": safety_of(user, device_id=device_of(request), now=now)}
        return render(request, "accounts/reopen.html", page, status=400 if form.errors else 200)
    with transaction.atomic():
        reopening.reopen(
            user_id=user.pk, password=form.cleaned_data["password1"], proof=ensure(request, Act("account")),
            device_id=device_of(request), ip=seen_by(request).ip, actor=actor_of(request), now=now,
            keep_session=str(request.session.session_key),
        )  # fmt: skip
    update_session_auth_hash(request, User.objects.get(pk=user.pk))
    messages.success(request, _("Your account is open again. All else was signed out; payouts wait three days."))
    return redirect("accounts:safety")


@public
@require_http_methods(["GET", "HEAD", "POST"])
def change_stop(request: HttpRequest, token: str) -> HttpResponse:
    """The link that the old phone or e-mail was sent: a look changes nothing, the button stops the change."""
    told = read_stop(token)
    if request.method == "POST":
        guarding.stop_change(told=told, now=clock.now())
    page = {"is_done": request.method == "POST", "change": guarding.change_of(told)}
    return render(request, "account/stop_change.html", page)
