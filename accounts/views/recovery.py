"""“I have lost my phone”: the claim, the owner's stop button, the one-time link that proves a new number."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.doors import device_cookie, seen_by
from accounts.forms.recovery import ClaimForm, CodeForm, NewPhoneForm
from accounts.services import challenges
from accounts.services.links import RECOVERY_PHONE, RECOVERY_STOP, read_recovery
from accounts.services.messages import send_sms
from core import clock
from core.errors import DomainError, TooMany
from core.guards import public
from core.limits import Rate, spend
from flows import recovery as flow

CODES = (Rate(1, 60), Rate(5, 86_400))
PENDING = "recovery_phone"  # of the session: the number whose code was sent, and the challenge


@public
@require_http_methods(["GET", "HEAD", "POST"])
def recovery(request: HttpRequest) -> HttpResponse:
    """Say whose account it is and what you remember. A wrong answer and no such account look the same."""
    form = ClaimForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "account/recovery.html", {"form": form}, status=400 if form.errors else 200)
    try:
        flow.claim(said=form.claim(cookie=device_cookie(request)), seen=seen_by(request), now=clock.now())
    except (flow.NotEnough, TooMany) as refusal:
        page = {"form": form, "refusal": refusal}
        return render(request, "account/recovery.html", page, status=refusal.status)
    return render(request, "account/recovery.html", {"is_done": True})


@public
@require_http_methods(["GET", "HEAD", "POST"])
def recovery_stop(request: HttpRequest, token: str) -> HttpResponse:
    """The link that the account's channels were sent. A look changes nothing; the button stops it."""
    recovery_id = read_recovery(token, salt=RECOVERY_STOP)
    if request.method == "POST":
        flow.stop(recovery_id=recovery_id, now=clock.now())
    return render(request, "account/recovery_stop.html", {"is_done": request.method == "POST"})


@public
@require_http_methods(["GET", "HEAD", "POST"])
def recovery_phone(request: HttpRequest, token: str) -> HttpResponse:
    """The one-time link: enter a new phone, then the code it was sent."""
    row = flow.open_link(read_recovery(token, salt=RECOVERY_PHONE))
    pending = request.session.get(PENDING, {})
    if pending.get("for") != str(row.pk):
        pending = {}
    data = request.POST if request.method == "POST" else None
    form = CodeForm(data) if pending and "phone" not in request.POST else NewPhoneForm(data)
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            return _step(request, row.pk, form, pending)
        except DomainError as fault:
            refusal = fault
    status = refusal.status if refusal else 400 if form.errors else 200
    page = {"form": form, "refusal": refusal, "phone": pending.get("phone")}
    return render(request, "account/recovery_phone.html", page, status=status)


def _step(
    request: HttpRequest, recovery_id: UUID, form: NewPhoneForm | CodeForm, pending: dict[str, str]
) -> HttpResponse:
    now = clock.now()
    if isinstance(form, NewPhoneForm):
        _send(request, recovery_id, form.cleaned_data["phone"])
        return redirect(request.path)
    if request.session.session_key is None:
        raise challenges.ChallengeOver
    challenges.judge(
        challenge_id=UUID(pending["challenge"]), answer=form.cleaned_data["code"], now=now,
        session_key=request.session.session_key,
    )  # fmt: skip
    flow.finish(recovery_id=recovery_id, phone=pending["phone"], ip=seen_by(request).ip, now=now)
    request.session.pop(PENDING, None)
    messages.success(request, _("This is your account's phone now. Sign in with a code to it."))
    return redirect("account_request_login_code")


def _send(request: HttpRequest, recovery_id: UUID, phone: str) -> None:
    if wait := spend(name="recovery-code", who=str(recovery_id), rates=CODES):
        raise challenges.code_sent_lately(wait)
    if request.session.session_key is None:
        request.session.save()
    now, code = clock.now(), challenges.new_code()
    row = challenges.open_challenge(
        purpose="recovery", channel="sms", code=code, target_masked=challenges.masked(phone),
        session_key=request.session.session_key, ip=seen_by(request).ip, now=now,
    )  # fmt: skip
    request.session[PENDING] = {"for": str(recovery_id), "phone": phone, "challenge": str(row.pk)}
    words = _("%(code)s is your code to prove this phone. Never tell it to anybody, not even to us.") % {"code": code}
    send_sms(to=phone, body=f"[{settings.SITE_NAME}] {words}", now=now, is_secret=True)
