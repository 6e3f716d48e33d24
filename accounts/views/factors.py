"""Setting second factors up and removing them; each asks first who is there."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.confirming import confirmed_first, ensure
from accounts.forms.factors import SetupForm
from accounts.queries.factors import factors_of, recovery_left
from accounts.requests import MemberRequest
from accounts.services import factors
from accounts.services.step_up import Act
from accounts.views.changing import factor_change
from core import clock
from core.errors import DomainError
from core.guards import member
from core.http import actor_of
from core.qr import as_image
from core.security_log import event

APP = "app"  # what a proof to add it names


@member
@confirmed_first("factor", APP)
@require_http_methods(["GET", "HEAD", "POST"])
def app(request: MemberRequest) -> HttpResponse:
    """Show the code to scan, and take the app's first code; then the recovery codes, this once."""
    if "totp" in factors_of(request.user):
        return redirect("accounts:security")
    if request.method != "POST":
        return _setup_page(request)
    form = SetupForm(request.POST)
    if not form.is_valid():
        return _setup_page(request, form)
    try:
        codes = _add(request, form)
    except DomainError as refusal:
        form.add_error("code", str(refusal.message))
        return _setup_page(request, form)
    messages.success(request, _("Your authenticator app is set up. It is asked for at each sign-in from now on."))
    return render(request, "accounts/recovery_codes.html", {"codes": codes, "left": recovery_left(request.user)})


@member
@require_POST
def app_remove(request: MemberRequest) -> HttpResponse:
    """Sign in without the app from now on."""
    with factor_change(request):
        ensure(request, Act("factor", target="app:remove"))
        factors.remove_totp(user_id=request.user.pk, actor=actor_of(request), now=clock.now())
    _log(request)
    messages.success(request, _("The authenticator app is removed, and with it the recovery codes."))
    return redirect("accounts:security")


@member
@require_http_methods(["GET", "HEAD", "POST"])
def recovery(request: MemberRequest) -> HttpResponse:
    """How many recovery codes are left; POST makes new ones and shows them, this once."""
    page: dict[str, object] = {"has_factor": bool(factors_of(request.user))}
    if request.method == "POST":
        with factor_change(request):
            ensure(request, Act("factor", target="codes"))
            page["codes"] = factors.make_codes(user_id=request.user.pk, actor=actor_of(request), now=clock.now())
        _log(request)
    page["left"] = recovery_left(request.user)
    return render(request, "accounts/recovery_codes.html", page)


def _add(request: MemberRequest, form: SetupForm) -> list[str]:
    now, session_key = clock.now(), str(request.session.session_key)
    secret = factors.read_setup(
        user=request.user, session_key=session_key, token=form.cleaned_data["setup"], now=now
    )  # fmt: skip
    with factor_change(request):
        codes = factors.add_totp(
            user_id=request.user.pk, secret=secret, code=form.cleaned_data["code"], actor=actor_of(request), now=now
        )
        ensure(request, Act("factor", target=APP))
    _log(request)
    return codes


def _setup_page(request: MemberRequest, form: SetupForm | None = None) -> HttpResponse:
    """The same secret again after a typing error, a new one otherwise."""
    secret, token = _shown(request, form)
    if form is None:
        form = SetupForm(initial={"setup": token})
    else:
        sent = request.POST.copy()
        sent["setup"] = token
        form.data = sent
    address = factors.address_of(user=request.user, secret=secret)
    in_fours = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    page = {"form": form, "image": as_image(address), "address": address, "secret": in_fours}
    return render(request, "accounts/factor_app.html", page, status=400 if form.errors else 200)


def _shown(request: MemberRequest, form: SetupForm | None) -> tuple[str, str]:
    """The secret of the page and how it comes back."""
    user, session_key, now = request.user, str(request.session.session_key), clock.now()
    token = str(form.cleaned_data.get("setup", "")) if form is not None else ""
    try:
        return factors.read_setup(user=user, session_key=session_key, token=token, now=now), token
    except factors.SetupOver:
        return factors.new_setup(user=user, session_key=session_key, now=now)


def _log(request: HttpRequest) -> None:
    event("credential.changed", request=request, what="factor", user_id=str(request.user.pk))
