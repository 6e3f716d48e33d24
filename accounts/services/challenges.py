"""
Codes and other proofs, counted in the database before they are looked at.

A guess takes one of the row's attempts by a guarded UPDATE of its own and only then is compared: of any number sent at
the same moment at most ``MAX_ATTEMPTS`` are judged. Call :func:`judge` outside a transaction: a guess that is rolled
back has not been counted.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes, hmac
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import Challenge
from core.errors import DomainError, TooMany
from core.limits import Rate, spend
from core.sealed import ring

MAX_ATTEMPTS = 5
MINUTE = 60  # seconds
VALID_FOR = timedelta(minutes=10)  # NIST SP 800-63B: an out-of-band code lives ten minutes at most
DIGITS = 6
WRONG_PER_DAY = (Rate(20, 86_400),)  # per person and device: an attacker on his own device uses up his own
NOBODIES = 1_000  # counts that stand for nobody


class WrongCode(DomainError):
    code = "wrong_code"
    status = HTTPStatus.BAD_REQUEST
    default_message = _("This is not the code we sent. Look at the newest message.")


class ChallengeOver(DomainError):
    """Too old, used, guessed at too often, or of another attempt."""

    code = "challenge_over"
    status = HTTPStatus.GONE
    default_message = _("This code is over. Ask for a new one.")


def code_sent_lately(seconds: int) -> TooMany:
    """The refusal to send another code so soon, or so many."""
    if seconds > MINUTE:
        minutes = -(-seconds // MINUTE)
        return TooMany(
            ngettext(
                "Many codes were sent to you: the next can be had in %(minutes)d minute.",
                "Many codes were sent to you: the next can be had in %(minutes)d minutes.",
                minutes,
            )
            % {"minutes": minutes}
        )
    return TooMany(
        _("A code was sent a moment ago. Use it, or ask again in %(seconds)d seconds.") % {"seconds": seconds}
    )


def masked(address: str) -> str:
    """``+86138****0000`` or ``l***@example.com``: enough to know one's own, too little to learn somebody else's."""
    if "@" in address:
        name, _at, domain = address.rpartition("@")
        return f"{name[:1]}***@{domain}"
    return f"{address[:-8]}****{address[-4:]}" if len(address) > 8 else "****"


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def context_hash(context: Mapping[str, Any]) -> str:
    """What a proof is bound to, as a digest: the same mapping gives the same text, whatever its order."""
    text = json.dumps(dict(context), sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def session_hash(session_key: str | None) -> str:
    return hashlib.sha256(session_key.encode()).hexdigest() if session_key else ""


def open_challenge(
    *,
    purpose: str,
    channel: str,
    now: datetime,
    user_id: UUID | None = None,
    code: str = "",
    target_masked: str = "",
    session_key: str | None = None,
    context: Mapping[str, Any] | None = None,
    device_id: UUID | None = None,
    ip: str = "",
    valid_for: timedelta = VALID_FOR,
    challenge_id: UUID | None = None,
) -> Challenge:
    """Write down that a proof is asked for. ``code`` is kept as an HMAC; an empty one matches nothing."""
    row = Challenge(
        user_id=user_id, purpose=purpose, channel=channel, target_masked=target_masked[:80],
        session_hash=session_hash(session_key), context_hash=context_hash(context) if context else "",
        max_attempts=MAX_ATTEMPTS, created_at=now, expires_at=now + valid_for, device_id=device_id, ip=ip,
    )  # fmt: skip
    if challenge_id is not None:
        row.pk = challenge_id
    row.code_hash = code_hash(row.pk, code) if code else ""
    row.save(force_insert=True)
    return row


def take_attempt(*, challenge_id: UUID | None, now: datetime, session_key: str | None = None) -> Challenge:
    """
    Use up one of the attempts, before anything is compared.

    ``session_key`` is compared where the challenge was opened for one.

    :raises ChallengeOver: if nothing is open under this id, or all attempts are used
    """
    asked = challenge_id or UUID(int=0)  # nobody's: as much work as a real one
    taken = Challenge.objects.filter(
        pk=asked, attempts__lt=F("max_attempts"), passed_at__isnull=True, expires_at__gt=now
    ).update(attempts=F("attempts") + 1)
    row = Challenge.objects.filter(pk=asked).first()
    if row is None or not taken:
        raise ChallengeOver
    if row.session_hash and not secrets.compare_digest(row.session_hash, session_hash(session_key)):
        raise ChallengeOver
    return row


def compare(row: Challenge, answer: str) -> None:
    """
    Compare a code with a challenge of which an attempt was taken.

    :raises WrongCode: if it is not the code
    :raises TooMany: if too many wrong codes were tried for this person from this device today
    """
    if not row.code_hash or not secrets.compare_digest(row.code_hash, code_hash(row.pk, _digits(answer))):
        count_wrong(row)
        raise WrongCode


def judge(*, challenge_id: UUID | None, answer: str, now: datetime, session_key: str | None = None) -> Challenge:
    """
    Count one guess, compare it, and note that the challenge is passed.

    :raises WrongCode: if it is not the code
    :raises ChallengeOver: if nothing is open under this id, or all attempts are used
    :raises TooMany: if too many wrong codes were tried for this person from this device today
    """
    if challenge_id is None:  # of a login that is only pretended: it takes as long to hear no
        spend(name="wrong-code", who=f"nobody:{secrets.randbelow(NOBODIES)}", rates=WRONG_PER_DAY)
    row = take_attempt(challenge_id=challenge_id, now=now, session_key=session_key)
    compare(row, answer)
    return mark_passed(challenge_id=row.pk, now=now)


def mark_passed(*, challenge_id: UUID, now: datetime) -> Challenge:
    """
    Note that the proof was given, once.

    :raises ChallengeOver: if it was passed before, or is too old
    """
    open_rows = Challenge.objects.filter(pk=challenge_id, passed_at__isnull=True, expires_at__gt=now)
    if not open_rows.update(passed_at=now):
        raise ChallengeOver
    return Challenge.objects.get(pk=challenge_id)


@transaction.atomic
def spend_challenge(*, challenge_id: UUID, now: datetime) -> None:
    """
    Use a passed proof up, in the transaction of what it allows.

    :raises ChallengeOver: if it was spent before or never passed
    """
    rows = Challenge.objects.filter(pk=challenge_id, passed_at__isnull=False, spent_at__isnull=True)
    if not rows.update(spent_at=now):
        raise ChallengeOver


def code_hash(challenge_id: UUID, code: str) -> str:
    """HMAC-SHA256 of one row's code, with a key of its own: six digits alone would be searched in a moment."""
    keys = ring("challenge")
    mac = hmac.HMAC(next(iter(keys.values())), hashes.SHA256())
    mac.update(challenge_id.bytes + code.encode())
    return mac.finalize().hex()


def _digits(answer: str) -> str:
    return "".join(answer.split())[:12]


def count_wrong(row: Challenge) -> None:
    """
    Note a wrong answer of whatever kind on the person's count of the day.

    :raises TooMany: if it is used up; the challenge is over then
    """
    if row.user_id is None:
        return
    wait = spend(name="wrong-code", who=f"{row.user_id}:{row.device_id or 'new'}", rates=WRONG_PER_DAY)
    if wait:
        Challenge.objects.filter(pk=row.pk).update(attempts=F("max_attempts"))
        raise TooMany
