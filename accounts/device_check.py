"""Proving a new device: which proof counts, where the code goes, and what is said on the page."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import record_authentication
from allauth.account.stages import LoginStage
from allauth.core.internal.httpkit import is_headless_request
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.doors import methods_of, seen_by
from accounts.models import QRLogin, User
from accounts.services import challenges, messages, qr, stays
from accounts.states import QRStatus
from core import clock
from core.errors import TooMany
from core.outbox import publish

STRONG = ("passkey", "totp", "recovery", "qr", "device")
PURPOSE = "new_device"
IN_USE = timedelta(days=30)  # a device not seen for longer may say yes, but is not waited for


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to prove a new device: ``name`` is sms or email, ``to`` as shown."""

    name: str
    to: str


def proof_at_hand(user: User, methods: Sequence[str], *, is_signup: bool) -> str:
    """
    What already proves this device in this login, or an empty text.

    A second factor, a passkey and another device of theirs do; so does the code of this very login by SMS, and by
    e-mail where there is no phone: trust never moves by e-mail alone when a phone exists. With the device lock only
    the strong ones count.
    """
    strong = next((name for name in STRONG if name in methods), "")
    if strong:
        return strong
    if is_signup:
        return "sign_up"
    if user.device_lock:
        return ""
    if "sms" in methods:
        return "sms"
    return "email" if "email" in methods and not user.phone_verified else ""


def channels(user: User) -> list[Channel]:
    """Where a code for a new device may go: the proven phone, else the e-mail address."""
    if user.phone and user.phone_verified:
        return [Channel("sms", challenges.masked(user.phone))]
    return [Channel("email", challenges.masked(user.email))] if user.email else []


def ask(stage: LoginStage) -> None:
    """
    Begin: note that the device is asked, then ask another device of this member that is in use, or send the code.

    An app cannot show the digits to type there, and so gets the code.
    """
    user, now = stage.login.user, clock.now()
    stays.note_try(
        user_id=user.pk, outcome="device_asked", method="+".join(methods_of(stage.request, user)),
        seen=seen_by(stage.request), now=now,
    )  # fmt: skip
    in_use = qr.approvers(user.pk, now=now).filter(last_seen_at__gte=now - IN_USE)
    if is_headless_request(stage.request) or not in_use.exists() or not _could_ask_device(stage):
        send(stage)


def send(stage: LoginStage) -> None:
    """
    Send a new code; the one before is forgotten by this attempt.

    :raises TooMany: if this number or address got too many
    """
    user: User = stage.login.user
    found = channels(user)
    if not found or user.device_lock:  # with the lock a code is not enough: another device or a factor lets this one in
        return
    channel, code, now = found[0].name, challenges.new_code(), clock.now()
    seen = seen_by(stage.request)
    row = challenges.open_challenge(
        purpose=PURPOSE, channel=channel, code=code, user_id=user.pk, target_masked=found[0].to, ip=seen.ip, now=now
    )
    with translation.override(user.language):
        words = _(
            "%(code)s is your code for signing in on a new device (%(where)s). Somebody else asks for it? Do not give"
            " it, and change your password."
        ) % {"code": code, "where": seen.place or _("place unknown")}
        subject = _("Signing in on a new device")
    if channel == "sms":
        messages.send_sms(to=user.phone or "", body=f"[{settings.SITE_NAME}] {words}", now=now, is_secret=True)
    else:
        key = f"challenge:{row.pk}"
        messages.send_email(to=user.email or "", subject=subject, body=words, key=key, now=now, is_secret=True)
    stage.state.update({"challenge": str(row.pk), "channel": channel, "to": found[0].to})


def has_other_devices(stage: LoginStage) -> bool:
    """Whether this member has a device that may say yes."""
    return qr.approvers(stage.login.user.pk, now=clock.now()).exists()


def _could_ask_device(stage: LoginStage) -> bool:
    try:
        ask_device(stage)
    except TooMany:
        return False
    return True


def ask_device(stage: LoginStage) -> None:
    """
    Ask the member's other devices to let this one in.

    :raises TooMany: if they were asked too often
    """
    now = clock.now()
    binding = secrets.token_urlsafe(24)  # of this attempt alone: a waiting login has no session of its own yet
    row = qr.ask(session_key=binding, seen=seen_by(stage.request), user_id=stage.login.user.pk, now=now)
    stage.state["qr"] = {"id": str(row.pk), "binding": binding}
    publish("accounts.device_asks", qr_id=str(row.pk))


def asked_device(stage: LoginStage) -> QRLogin | None:
    """The request that is open, for its digits and state."""
    asked = stage.state.get("qr")
    if not asked:
        return None
    return qr.polled(row_id=UUID(asked["id"]), session_key=asked["binding"], now=clock.now())


def take_approval(stage: LoginStage) -> bool:
    """Use the yes of another device up; False while there is none."""
    row = asked_device(stage)
    if row is None or row.status != QRStatus.APPROVED or row.user_id != stage.login.user.pk:
        return False
    qr.use(row=row, now=clock.now())
    record_authentication(stage.request, stage.login.user, method="device")
    return True


def answer(stage: LoginStage, code: str) -> None:
    """
    Judge a code; afterwards the stage may be left.

    :raises WrongCode: if it is not the code
    :raises ChallengeOver: if none is open, or all its attempts are used
    """
    asked: Any = stage.state.get("challenge")
    row = challenges.judge(challenge_id=UUID(asked) if asked else None, answer=code, now=clock.now())
    where = {"phone": stage.login.user.phone} if row.channel == "sms" else {"email": stage.login.user.email}
    record_authentication(stage.request, stage.login.user, method="code", **where)
