"""What happens at the moment somebody is in, and when he leaves: his device, his stay, the record of it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from accounts import lifetimes
from accounts.doors import (
    DEVICE_KEY,
    device_cookie,
    device_of,
    methods_of,
    noted_proof,
    recognition_of,
    seen_by,
    set_device_cookie,
)
from accounts.models import MemberSession, User
from accounts.queries.people import password_is_old
from accounts.services import devices, people, stays
from core import clock
from core.actor import SYSTEM
from core.outbox import publish


def enter(request: HttpRequest, user: User, *, verified_by: str = "", method: str = "") -> None:
    """Trust the device anew, begin the stay, write the login down, and tell whom it concerns."""
    now, seen, cookie = clock.now(), seen_by(request), device_cookie(request)
    known = recognition_of(request, user.pk)
    methods = method or "+".join(methods_of(request, user))
    if known.is_stolen and known.device is not None:
        _revoke_stolen(user, known.device.pk, request)
    proof = verified_by or noted_proof(request) or (methods.rpartition("+")[2] or "password")
    device, value = devices.remember(user_id=user.pk, known=known, cookie=cookie, seen=seen, verified_by=proof, now=now)
    request.session[DEVICE_KEY] = str(device.pk)
    request.device_value = value  # type: ignore[attr-defined]
    lifetimes.begin(request.session, is_staff=user.is_mediator or user.is_staff, is_qr="qr" in methods.split("+"))
    if request.session.session_key is None:
        request.session.save()
    stays.begin_stay(
        user_id=user.pk, session_key=str(request.session.session_key), method=methods, device_id=device.pk, seen=seen,
        now=now,
    )  # fmt: skip
    is_new = known.device is None or known.is_stolen
    event = stays.note_try(user_id=user.pk, outcome="in", method=methods, device_id=device.pk, seen=seen, now=now,
                           facts={"new_device": is_new})  # fmt: skip
    if is_new or known.device is None or known.device.prefix != seen.prefix:
        publish("accounts.signed_in", event_id=event)  # a known device in its known place is nothing to look at
    if password_is_old(user, now=now):
        publish("accounts.password_old", user_id=str(user.pk))


def keep_device(request: HttpRequest, response: HttpResponse) -> None:
    """Give the browser its new secret; an app gets it as a header and sends it back as one."""
    value = getattr(request, "device_value", None)
    if value is not None:
        set_device_cookie(response, value)


def leave(request: HttpRequest) -> None:
    """End the stay of this session on the server."""
    user = request.user
    if user.is_authenticated and request.session.session_key:
        now = clock.now()
        stay = MemberSession.objects.filter(session_key=request.session.session_key, user_id=user.pk).first()
        if stay is not None:
            stays.end_stays(user_id=user.pk, reason="logout", stay_id=stay.pk, now=now)
        stays.note_try(user_id=user.pk, outcome="out", device_id=device_of(request), seen=seen_by(request), now=now)


def _revoke_stolen(user: User, device_id: UUID, request: HttpRequest) -> None:
    """A secret that was replaced came back: whoever has copied it, and its device, are out."""
    now = clock.now()
    devices.revoke_device(device_id=device_id, user_id=user.pk, actor=SYSTEM, reason="reuse", now=now)
    stays.end_stays(user_id=user.pk, reason="revoked", device_id=device_id, now=now)
    stays.note_try(user_id=user.pk, outcome="stolen", device_id=device_id, seen=seen_by(request), now=now)
    people.ask_new_password(user_id=user.pk, now=now)
    publish("accounts.device_stolen", user_id=str(user.pk), device_id=str(device_id))
