"""
Second factors: codes of an authenticator app (TOTP, RFC 6238), passkeys, and recovery codes.

A code of the app counts for its thirty seconds and one step to either side, and once: the step is taken by a guarded
UPDATE, so of two who show the same code at the same moment one is let in. Apps go by real time, also in a sandbox
whose clock was moved.
"""

from __future__ import annotations

import base64
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pyotp
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from pyotp.utils import strings_equal

from accounts.models import RecoveryCode, TotpSecret, User
from accounts.services import challenges, standing
from core import audit, clock, outbox
from core.actor import Actor
from core.errors import DomainError, NotFound
from core.sealed import Sealed, Unsealable, blind_index, seal, unseal

STEP_SECONDS = 30
TOLERANCE = 1  # steps to either side: clocks of phones are not exact
SETUP_FOR = timedelta(minutes=15)
CODES = 10
FEW = 3  # left: time to make new ones
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that looks like something else; 31**10 is 49 bits
LONGEST_CODE = 24
LONGEST_NAME = 60
MOST_PASSKEYS = 10


class WrongFactor(challenges.WrongCode):
    default_message = _("This code is not right, or it was used before. Wait for the next one, and try again.")


class SetupOver(DomainError):
    code = "setup_over"
    default_message = _("This page was open for too long. Scan the new code, please.")


class HasOne(DomainError):
    code = "has_one"
    default_message = _("An authenticator app is set up already. Remove it first.")


def new_setup(*, user: User, session_key: str, now: datetime) -> tuple[str, str]:
    """A new secret, and the same sealed for this person, session and quarter of an hour, to come back with the form."""
    secret = pyotp.random_base32()
    blob = seal(json.dumps([secret, now.timestamp()]).encode(), place=_setup_place(user, session_key))
    return secret, base64.urlsafe_b64encode(blob).decode()


def read_setup(*, user: User, session_key: str, token: str, now: datetime) -> str:
    """
    The secret that the page has shown.

    :raises SetupOver: if it is too old, or of another person or session
    """
    try:
        blob = base64.urlsafe_b64decode(token.encode())
        secret, at = json.loads(unseal(blob, place=_setup_place(user, session_key)))
    except (Unsealable, ValueError) as fault:
        raise SetupOver from fault
    if now - datetime.fromtimestamp(at, UTC) > SETUP_FOR:
        raise SetupOver
    return str(secret)


def address_of(*, user: User, secret: str) -> str:
    """What the app reads: ``otpauth://…`` with our name and theirs."""
    name = user.email or user.phone or str(user.pk)
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=name, issuer_name=settings.SITE_NAME)


@transaction.atomic
def add_totp(*, user_id: UUID, secret: str, code: str, actor: Actor, now: datetime) -> list[str]:
    """
    Keep a secret that its owner has shown to have; the recovery codes that come with the first one.

    :raises WrongFactor: if the code is not of this secret
    :raises HasOne: if there is one already
    :raises AccountLimited: if this account may not change how one signs in
    """
    standing.require(user_id, "change_sign_in")
    user = User.objects.select_for_update().get(pk=user_id)
    if TotpSecret.objects.filter(pk=user_id).exists():
        raise HasOne
    step = _step_of(secret, code, now)
    if step is None:
        raise WrongFactor
    TotpSecret.objects.create(user=user, secret=secret, last_step=step, created_at=now)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={}, created_at=now)
    _changed(user_id, "totp_added", actor, now)
    has_codes = RecoveryCode.objects.filter(user_id=user_id, used_at__isnull=True).exists()
    return [] if has_codes else _write_codes(user_id, now)


@transaction.atomic
def remove_totp(*, user_id: UUID, actor: Actor, now: datetime) -> None:
    """
    Forget the app, and with the last factor the recovery codes.

    :raises NotFound: if there is none
    :raises AccountLimited: if this account may not change how one signs in
    """
    standing.require(user_id, "change_sign_in")
    if not TotpSecret.objects.filter(pk=user_id).delete()[0]:
        raise NotFound
    Authenticator.objects.filter(user_id=user_id, type=Authenticator.Type.TOTP).delete()
    _drop_idle_codes(user_id)
    _changed(user_id, "totp_removed", actor, now)


@transaction.atomic
def add_passkey(*, user_id: UUID, name: str, credential: dict[str, Any], actor: Actor, now: datetime) -> list[str]:
    """
    Keep a passkey that has answered; the recovery codes that come with the first factor.

    :raises HasOne: if there are enough of them
    :raises AccountLimited: if this account may not change how one signs in
    """
    standing.require(user_id, "change_sign_in")
    user = User.objects.select_for_update().get(pk=user_id)
    count = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).count()
    if count >= MOST_PASSKEYS:
        raise HasOne(_("You have as many passkeys as we keep. Remove one first."))
    data = {"name": name.strip()[:LONGEST_NAME] or f"{count + 1}", "credential": credential}
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=data, created_at=now)
    _changed(user_id, "passkey_added", actor, now)
    has_codes = RecoveryCode.objects.filter(user_id=user_id, used_at__isnull=True).exists()
    return [] if has_codes else _write_codes(user_id, now)


@transaction.atomic
def rename_passkey(*, user_id: UUID, passkey_id: int, name: str) -> None:
    """:raises NotFound: if it is not this person's"""
    row = _passkey(user_id, passkey_id)
    row.data["name"] = name.strip()[:LONGEST_NAME] or row.data["name"]
    row.save(update_fields=["data"])


@transaction.atomic
def remove_passkey(*, user_id: UUID, passkey_id: int, actor: Actor, now: datetime) -> None:
    """
    Forget a passkey, and with the last factor the recovery codes.

    :raises NotFound: if it is not this person's
    :raises AccountLimited: if this account may not change how one signs in
    """
    standing.require(user_id, "change_sign_in")
    _passkey(user_id, passkey_id).delete()
    _drop_idle_codes(user_id)
    _changed(user_id, "passkey_removed", actor, now)


def take_totp(*, user_id: UUID, code: str, now: datetime) -> bool:
    """Whether this is a code of the person's app that nobody has used; it is used now."""
    row = TotpSecret.objects.filter(pk=user_id).first()
    step = _step_of(cast(Sealed, row.secret).open(), code, now) if row is not None else None
    return step is not None and _take_step(user_id, step)


@transaction.atomic
def make_codes(*, user_id: UUID, actor: Actor, now: datetime) -> list[str]:
    """
    Ten new recovery codes; those before open nothing any more. They are told this once: we keep only their HMAC.

    :raises NotFound: if there is no factor that they could stand in for
    :raises AccountLimited: if this account may not change how one signs in
    """
    standing.require(user_id, "change_sign_in")
    User.objects.select_for_update().get(pk=user_id)
    if not Authenticator.objects.filter(user_id=user_id).exists():
        raise NotFound
    codes = _write_codes(user_id, now)
    _changed(user_id, "recovery_made", actor, now)
    return codes


@transaction.atomic
def take_code(*, user_id: UUID, code: str, now: datetime) -> bool:
    """Whether this is a recovery code that nobody has used; it is used now, and its owner is told."""
    found = RecoveryCode.objects.filter(user_id=user_id, code_hash=_hash(user_id, code), used_at__isnull=True)
    if not found.update(used_at=now):
        return False
    _changed(user_id, "recovery_used", Actor(user_id=user_id), now)
    return True


def judge(*, user_id: UUID, code: str, now: datetime) -> str:
    """Which factor this code is of, ``totp`` or ``recovery``; an empty text if of none. It is used now."""
    text = "".join(code.split())[:LONGEST_CODE]
    if text.isascii() and text.isdigit() and len(text) == challenges.DIGITS:
        return "totp" if take_totp(user_id=user_id, code=text, now=now) else ""
    return "recovery" if take_code(user_id=user_id, code=text, now=now) else ""


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step of which this is the code, of those that count now."""
    text = "".join(code.split())
    real = int((now - clock.offset()).timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    steps = range(real - TOLERANCE, real + TOLERANCE + 1)
    return next((step for step in steps if strings_equal(text, totp.generate_otp(step))), None)


def _take_step(user_id: UUID, step: int) -> bool:
    return bool(TotpSecret.objects.filter(pk=user_id, last_step__lt=step).update(last_step=step))


def _passkey(user_id: UUID, passkey_id: int) -> Authenticator:
    rows = Authenticator.objects.select_for_update().filter(user_id=user_id, type=Authenticator.Type.WEBAUTHN)
    row = rows.filter(pk=passkey_id).first()
    if row is None:
        raise NotFound
    return row


def _drop_idle_codes(user_id: UUID) -> None:
    """Recovery codes stand in for a factor; without one they stand for nothing."""
    if not Authenticator.objects.filter(user_id=user_id).exists():
        RecoveryCode.objects.filter(user_id=user_id).delete()


def _write_codes(user_id: UUID, now: datetime) -> list[str]:
    RecoveryCode.objects.filter(user_id=user_id).delete()
    codes = ["".join(secrets.choice(ALPHABET) for _n in range(10)) for _code in range(CODES)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user_id=user_id, code_hash=_hash(user_id, code), created_at=now) for code in codes
    )
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _hash(user_id: UUID, code: str) -> str:
    """HMAC-SHA256 of a person's code, however it is typed, under the key that outlives a change of vault keys."""
    plain = "".join(code.split()).replace("-", "").lower()[:LONGEST_CODE]
    return blind_index(f"{user_id}:{plain}", purpose="recovery")


def _setup_place(user: User, session_key: str) -> str:
    return f"accounts.totp.setup.{user.pk}.{challenges.session_hash(session_key)}"


def _changed(user_id: UUID, what: str, actor: Actor, now: datetime) -> None:
    audit.record(actor=actor, act=f"factor.{what}", subject_type="account", subject=str(user_id))
    outbox.publish("accounts.factor_changed", user_id=str(user_id), what=what, time=now.isoformat())
