"""
Asking again who is there, for one act: what (purpose), how much, to whom (target).

A proof is a passed :class:`Challenge` bound to member, session and a digest of the act; it is spent in the transaction
of what it allows, so an act that is refused leaves it, and an act with another amount needs another. A session alone
proves nothing here, and who has neither password nor factor is asked for what he has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Challenge, Device, User
from accounts.purposes import PURPOSES, VALID_FOR
from accounts.queries.factors import factors_of
from accounts.services import challenges, factors, messages
from core.errors import DomainError, Forbidden
from core.limits import rates_of, spend
from core.money import Money

DEVICE_AGE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Act:
    """What a proof is for. ``target`` is an id or digest, never a secret; amounts in minor units."""

    purpose: str
    amount_minor: int | None = None
    currency: str = ""
    target: str = ""

    @property
    def context(self) -> dict[str, Any]:
        return {"purpose": self.purpose, "amount": self.amount_minor, "currency": self.currency, "target": self.target}

    @property
    def named(self) -> dict[str, str | Promise]:
        """What has to be confirmed, as a refusal tells it to machines; what does not belong to it is left out."""
        amount = {} if self.amount_minor is None else {
            "amount.minor": str(self.amount_minor), "amount.currency": self.currency,
        }  # fmt: skip
        return {"purpose": self.purpose, **amount, **({"target": self.target} if self.target else {})}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to prove it: the channel of the code (sms, email, totp, passkey or none) and whether the password too."""

    name: str
    channel: str
    with_password: bool
    words: Promise


class StepUpNeeded(DomainError):
    """The act waits for a proof; the page that asks for it is drawn by ``accounts.confirming``."""

    code = "step_up_needed"
    leaves_key_free = True
    status = HTTPStatus.FORBIDDEN
    default_message = gettext_lazy("Please confirm that it is you.")

    def __init__(self, act: Act, message: str | Promise | None = None) -> None:
        super().__init__(message, fields=act.named)
        self.act = act


class NoWay(Forbidden):
    code = "no_way_to_confirm"
    default_message = gettext_lazy("Set up a phone, a password or a second factor first; then come back to this.")


class WrongPassword(DomainError):
    code = "wrong_password"
    status = HTTPStatus.BAD_REQUEST
    default_message = gettext_lazy("This is not your password.")


_TOTP = Way("totp", "totp", False, gettext_lazy("Code of your authenticator app"))
_PASSKEY = Way("passkey", "passkey", False, gettext_lazy("Passkey"))
_SMS_PASSWORD = Way("sms_password", "sms", True, gettext_lazy("Text message and password"))
_EMAIL_PASSWORD = Way("email_password", "email", True, gettext_lazy("E-mail and password"))
_SMS = Way("sms", "sms", False, gettext_lazy("Text message"))
_EMAIL = Way("email", "email", False, gettext_lazy("E-mail"))
_PASSWORD = Way("password", "", True, gettext_lazy("Password"))


def digest_of(*parts: object) -> str:
    """A target that names several things, or something that must not be read: their SHA-256."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def staff_money(what: str, which: object = "", amount: Money | None = None) -> Act:
    """The act of staff on money: what is done to which row, and with how much where that is one sum."""
    target = f"{what}:{which}"
    return Act("staff_money", amount.minor, amount.currency, target) if amount else Act("staff_money", target=target)


def ruling_act(number: str, *, fault: str, refund: Money) -> Act:
    """A mediator's decision: of which case, whose fault, and how much goes back to the buyer."""
    return Act("staff_money", refund.minor, refund.currency, f"ruling:{number}:{fault}")


def ways(user: User, purpose: str, *, device_id: UUID | None, now: datetime) -> list[Way]:
    """How this person may confirm, the surest first. A code alone is strong enough only on a device trusted a day."""
    factors = factors_of(user)
    found = [way for way in (_PASSKEY, _TOTP) if way.name in factors]
    by_phone = bool(user.phone and user.phone_verified)
    has_password = user.has_usable_password()
    is_old = _is_old_device(user, device_id, now)
    if PURPOSES[purpose].is_strong:
        if has_password and (by_phone or user.email):
            found.append(_SMS_PASSWORD if by_phone else _EMAIL_PASSWORD)
        elif is_old and (by_phone or user.email):
            found.append(_SMS if by_phone else _EMAIL)
        return found
    if has_password and device_id is not None:
        found.append(_PASSWORD)
    if by_phone or user.email:
        found.append(_SMS if by_phone else _EMAIL)
    return found


def begin(
    *, user: User, act: Act, way: Way, session_key: str, device_id: UUID | None, ip: str, now: datetime
) -> Challenge:
    """
    Open the question, and send its code where one is sent.

    :raises TooMany: if this person was sent too many codes
    """
    by_message = way.channel in ("sms", "email")
    if by_message and (wait := spend(name="step-up-code", who=str(user.pk), rates=rates_of(settings.STEP_UP_CODES))):
        raise challenges.code_sent_lately(wait)
    code = challenges.new_code() if by_message else ""
    to = (user.phone if way.channel == "sms" else user.email) or "" if by_message else ""
    row = challenges.open_challenge(
        purpose=act.purpose, channel=way.name, code=code, user_id=user.pk, session_key=session_key,
        context=act.context, target_masked=challenges.masked(to) if to else "", device_id=device_id, ip=ip, now=now,
    )  # fmt: skip
    if by_message:
        _send(user, act, way.channel, code, key=f"challenge:{row.pk}", now=now)
    return row


def confirm(
    *,
    user: User,
    challenge_id: UUID,
    session_key: str,
    code: str = "",
    password: str = "",
    passkey: Callable[[], object] | None = None,
    now: datetime,
) -> Challenge:
    """
    Judge what was given; call it outside a transaction. ``passkey`` judges what a passkey said, and raises.

    :raises WrongCode: if the code is another
    :raises WrongPassword: if the password is another
    :raises ChallengeOver: if the question is over, or somebody else's
    :raises TooMany: if too many wrong answers were given today
    """
    row = challenges.take_attempt(challenge_id=challenge_id, now=now, session_key=session_key)
    if row.user_id != user.pk or row.purpose not in PURPOSES:
        raise challenges.ChallengeOver
    way = next(
        (way for way in ways(user, row.purpose, device_id=row.device_id, now=now) if way.name == row.channel), None
    )
    if way is None:
        raise challenges.ChallengeOver
    if way.with_password and not user.check_password(password):
        challenges.count_wrong(row)
        raise WrongPassword
    if way.channel in ("sms", "email"):
        challenges.compare(row, code)
    elif way.channel:
        _judge_factor(user, way.channel, code, passkey, row, now)
    return challenges.mark_passed(challenge_id=row.pk, now=now)


def find(*, user_id: UUID, session_key: str | None, act: Act, now: datetime) -> UUID | None:
    """A fresh proof of this very act in this session that nobody has spent, without spending it."""
    if not session_key:
        return None
    fresh = Challenge.objects.filter(
        user_id=user_id, session_hash=challenges.session_hash(session_key), purpose=act.purpose,
        context_hash=challenges.context_hash(act.context), passed_at__gt=now - VALID_FOR, spent_at__isnull=True,
    )  # fmt: skip
    return fresh.order_by("-passed_at").values_list("pk", flat=True).first()


def open_question(*, user_id: UUID, session_key: str, act: Act, way: Way, now: datetime) -> Challenge | None:
    """The question that was asked for this very act in this session and still waits for its answer, the newest."""
    rows = Challenge.objects.filter(
        user_id=user_id, session_hash=challenges.session_hash(session_key), purpose=act.purpose, channel=way.name,
        context_hash=challenges.context_hash(act.context), passed_at__isnull=True, expires_at__gt=now,
        attempts__lt=F("max_attempts"),
    )  # fmt: skip
    return rows.order_by("-created_at", "-pk").first()


def ensure(*, user_id: UUID, session_key: str | None, act: Act, now: datetime) -> UUID:
    """
    Find the proof of an act and spend it, in the caller's transaction; give its id for the audit entry.

    :raises StepUpNeeded: if there is none that is fresh, of this session and of this very act
    """
    found = find(user_id=user_id, session_key=session_key, act=act, now=now)
    if found is None:
        raise StepUpNeeded(act)
    use(found, act, now=now)
    return found


def use(proof: UUID, act: Act, *, now: datetime) -> None:
    """
    Spend a proof that was found, if its kind is spent at all.

    :raises StepUpNeeded: if another act of the same kind was faster
    """
    if not PURPOSES[act.purpose].once:
        return
    try:
        challenges.spend_challenge(challenge_id=proof, now=now)
    except challenges.ChallengeOver as gone:
        raise StepUpNeeded(act) from gone


def is_spent(proof: UUID) -> bool:
    return Challenge.objects.filter(pk=proof, spent_at__isnull=False).exists()


def _is_old_device(user: User, device_id: UUID | None, now: datetime) -> bool:
    if device_id is None:
        return False
    known = Device.objects.filter(pk=device_id, user_id=user.pk, revoked_at__isnull=True, trusted_until__gt=now)
    return known.filter(Q(created_at__lte=now - DEVICE_AGE) | Q(verified_by="sign_up")).exists()


def _judge_factor(
    user: User, channel: str, code: str, passkey: Callable[[], object] | None, row: Challenge, now: datetime
) -> None:
    if channel == "passkey" and passkey is not None:
        passkey()
    elif channel != "totp" or not factors.take_totp(user_id=user.pk, code=code, now=now):
        challenges.count_wrong(row)
        raise factors.WrongFactor


def _send(user: User, act: Act, channel: str, code: str, *, key: str, now: datetime) -> None:
    with translation.override(user.language):
        words = _("%(code)s is your code to confirm: %(what)s. If you did not ask for it, change your password.") % {
            "code": code, "what": PURPOSES[act.purpose].words,
        }  # fmt: skip
        subject = _("Confirm: %(what)s") % {"what": PURPOSES[act.purpose].words}
    if channel == "sms":
        messages.send_sms(to=user.phone or "", body=f"[{settings.SITE_NAME}] {words}", now=now, is_secret=True)
    else:
        messages.send_email(to=user.email or "", subject=subject, body=words, key=key, now=now, is_secret=True)
