"""Signing a computer in with a phone: two doors for the computer, three for the phone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.agents import agent_name
from accounts.confirming import proof_of
from accounts.doors import device_of, next_look, seen_by, to_htmx
from accounts.models import QRLogin
from accounts.requests import MemberRequest
from accounts.services import qr
from accounts.services.step_up import Act, StepUpNeeded
from accounts.states import QRStatus
from core import clock
from core.errors import DomainError, NotFound
from core.guards import member, public
from core.qr import as_image

ASKED = "qr_login"
FIRST_LOOK, LAST_LOOK = 2, 6  # seconds between polls: a little slower each time


@public
@require_http_methods(["GET", "HEAD", "POST"])
def computer(request: HttpRequest) -> HttpResponse:
    """POST asks for a code; GET shows it with the two digits, or the button that asks."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    if request.method == "POST":
        if request.session.session_key is None:
            request.session.create()
        row = qr.ask(session_key=str(request.session.session_key), seen=seen_by(request), now=clock.now())
        request.session[ASKED] = str(row.pk)
        return redirect("qr_login")
    found = _asked(request)
    return render(request, "account/qr_login.html", _shown(found, looks=0) if found else {})


@public
@require_POST
def poll(request: HttpRequest) -> HttpResponse:
    """Look again; once the phone has confirmed, go in."""
    row = _asked(request)
    if row is None:
        raise NotFound
    if row.status == QRStatus.APPROVED and not row.is_device_check:
        return _enter(request, row)
    shown = _shown(row, looks=next_look(request))
    if not request.htmx or not shown["is_open"]:  # type: ignore[attr-defined]
        return to_htmx(request, redirect("qr_login"))  # once it is over, the picture and its digits go too
    return render(request, "account/_qr_state.html", shown)


@member
@require_safe
def phone(request: MemberRequest, token: str) -> HttpResponse:
    """What the scanner opens: who asks, from where; to refuse is the first choice."""
    row = qr.find(token)
    if row.is_device_check and row.user_id != request.user.pk:
        raise NotFound
    if not row.is_device_check:
        row = qr.scan(row=row, user_id=request.user.pk, now=clock.now())
    return _phone_page(request, row, token)


@member
@require_POST
def approve(request: MemberRequest, token: str) -> HttpResponse:
    """Let the computer in, with the digits from its screen."""
    row, now = qr.find(token), clock.now()
    here = device_of(request)
    if not qr.may_approve(user_id=request.user.pk, device_id=here, now=now):
        raise qr.DeviceTooNew
    act = _act(row, seen_by(request).country)
    if proof_of(request, act) is None:
        raise StepUpNeeded(act)
    try:
        qr.approve(
            row_id=row.pk, user_id=request.user.pk, device_id=here, digits=request.POST.get("digits", "")[:4], now=now
        )
    except qr.WrongDigits as refusal:
        return _phone_page(request, QRLogin.objects.get(pk=row.pk), token, refusal=refusal)
    messages.success(request, _("The computer is signed in."))
    return redirect("accounts:devices")


@member
@require_POST
def decline(request: MemberRequest, token: str) -> HttpResponse:
    """Refuse; the computer hears of it at once."""
    qr.decline(row_id=qr.find(token).pk, user_id=request.user.pk, reason="refused")
    messages.info(request, _("Refused. If you did not ask for this, somebody may have tried to get in."))
    return redirect("accounts:devices")


def _act(row: QRLogin, here: str) -> Act:
    """Of this one computer; in another country than the phone's the proof must be a strong one."""
    is_far = bool(row.country and here) and row.country != here
    return Act("qr_abroad" if is_far else "qr", target=str(row.pk))


def _asked(request: HttpRequest) -> QRLogin | None:
    found = request.session.get(ASKED)
    if not found:
        return None
    try:
        return qr.polled(row_id=UUID(found), session_key=request.session.session_key, now=clock.now())
    except NotFound:
        return None


def _enter(request: HttpRequest, row: QRLogin) -> HttpResponse:
    qr.use(row=row, now=clock.now())
    request.session.pop(ASKED, None)
    record_authentication(request, row.user, method="qr")
    return to_htmx(request, perform_login(request, Login(user=row.user)))


def _shown(row: QRLogin, *, looks: int) -> dict[str, Any]:
    url = f"{settings.SITE_URL}{reverse('qr_phone', args=[qr.token_of(row.pk)])}"
    return {
        "row": row, "looks": looks, "next_look": min(FIRST_LOOK + looks // 10, LAST_LOOK), "url": url,
        "image": as_image(url), "is_open": row.status in (*qr.OPEN, QRStatus.APPROVED),
        "name": _hint(row) if row.status == QRStatus.SCANNED else "",
    }  # fmt: skip


def _hint(row: QRLogin) -> str:
    """Enough for its owner to know himself, nothing for anybody else."""
    name = row.user.display_name if row.user else ""
    return f"{name[:1]}***"


def _phone_page(request: MemberRequest, row: QRLogin, token: str, refusal: DomainError | None = None) -> HttpResponse:
    page = {
        "row": row, "token": token, "agent": agent_name(row.user_agent), "refusal": refusal,
        "is_old": qr.may_approve(user_id=request.user.pk, device_id=device_of(request), now=clock.now()),
        "is_open": row.status in qr.OPEN,
    }  # fmt: skip
    return render(request, "account/qr_phone.html", page, status=refusal.status if refusal else 200)
