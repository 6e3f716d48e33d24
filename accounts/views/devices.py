"""Devices, sessions and tries to come in: seen, named, ended."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.agents import agent_name
from accounts.confirming import ensure
from accounts.doors import device_of
from accounts.queries.devices import OUTCOMES, devices_of, logins_of, stays_of
from accounts.requests import MemberRequest
from accounts.services import devices as services
from accounts.services import qr, stays
from accounts.services.step_up import Act
from core import clock
from core.errors import NotFound
from core.guards import member
from core.http import actor_of

PER_PAGE = 30


@member
@require_safe
def devices(request: MemberRequest) -> HttpResponse:
    """What may sign in without a code, and where this account is open now."""
    here = device_of(request)
    rows = [
        {"device": row, "agent": agent_name(row.user_agent), "is_here": row.pk == here}
        for row in devices_of(request.user.pk, now=clock.now())
    ]
    sessions = [
        {"stay": row, "agent": agent_name(row.user_agent), "is_here": row.session_key == request.session.session_key}
        for row in stays_of(request.user.pk)
    ]
    page = {"rows": rows, "sessions": sessions, "asking": qr.asking(user_id=request.user.pk, now=clock.now())}
    return render(request, "accounts/devices.html", page)


@member
@require_POST
def lock(request: MemberRequest) -> HttpResponse:
    """Switch the device lock on or off; off asks who is there."""
    is_on = request.POST.get("on") == "1"
    with transaction.atomic():
        if not is_on:
            ensure(request, Act("device_lock"))
        services.set_lock(user_id=request.user.pk, is_on=is_on, actor=actor_of(request))
    messages.success(request, _("The device lock is on.") if is_on else _("The device lock is off."))
    return redirect("accounts:devices")


@member
@require_POST
def rename(request: MemberRequest, device_id: UUID) -> HttpResponse:
    services.rename_device(device_id=device_id, user_id=request.user.pk, name=request.POST.get("name", ""))
    messages.success(request, _("Saved."))
    return redirect("accounts:devices")


@member
@require_POST
def revoke(request: MemberRequest, device_id: UUID) -> HttpResponse:
    """Trust a device no more and end its sessions; the next login there asks for a code."""
    now, user_id = clock.now(), request.user.pk
    with transaction.atomic():
        services.revoke_device(device_id=device_id, user_id=user_id, actor=actor_of(request), reason="member", now=now)
        keep = None if device_of(request) != device_id else request.session.session_key
        stays.end_stays(user_id=user_id, reason="revoked", device_id=device_id, keep_session=keep, now=now)
    messages.success(request, _("This device is not trusted any more, and it is signed out."))
    return redirect("accounts:devices")


@member
@require_POST
def end(request: MemberRequest, stay_id: UUID) -> HttpResponse:
    """End one session."""
    if not stays.end_stays(user_id=request.user.pk, reason="member", stay_id=stay_id, now=clock.now()):
        raise NotFound(_("That session is over already."))
    messages.success(request, _("That session is over."))
    return redirect("accounts:devices")


@member
@require_POST
def end_others(request: MemberRequest) -> HttpResponse:
    """End every session but this one."""
    ended = stays.end_stays(
        user_id=request.user.pk, reason="member", keep_session=request.session.session_key, now=clock.now()
    )
    messages.success(request, _("Signed out in %(count)d other places.") % {"count": ended})
    return redirect("accounts:devices")


@member
@require_safe
def logins(request: MemberRequest) -> HttpResponse:
    """Every try to come in, the newest first."""
    page = Paginator(logins_of(request.user.pk), PER_PAGE).get_page(request.GET.get("page"))
    rows = [
        {"event": row, "agent": agent_name(row.user_agent), "words": OUTCOMES.get(row.outcome, row.outcome)}
        for row in page
    ]
    return render(request, "accounts/logins.html", {"page": page, "rows": rows})
