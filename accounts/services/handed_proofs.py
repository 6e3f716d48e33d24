"""
Proofs that are handed over (the API): a text that stands for one answered question, and is spent with the act it names.

The text is the question's id and a MAC of it, so that knowing the id, which is shown before anything is proven, is not
enough. A person's session can use only what was proven in it. A store's system has no session: it takes what the person
who made its token has proven in a session of his own, and hands on.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives import hashes, hmac

from accounts.models import Challenge
from accounts.purposes import VALID_FOR
from accounts.services import challenges
from accounts.services.step_up import Act, StepUpNeeded
from core.sealed import ring

_ID = 32  # hexadecimal digits of a question's id


def hand_over(row: Challenge) -> str:
    """What its owner sends along with the act."""
    assert row.passed_at is not None, "nothing is proven yet"
    return row.pk.hex + next(_macs(row.pk))


def ensure_handed(*, user_id: UUID, session_key: str | None, handed: str, act: Act, now: datetime) -> UUID:
    """
    Spend a proof that was handed over, in the transaction of its act; its id for the audit entry.

    ``session_key``: of the caller; None for a store's system, which has none.

    :raises StepUpNeeded: if it is none, another's, of another session or act, too old, or spent
    """
    found = _id_of(handed)
    if found is None:
        raise StepUpNeeded(act)
    rows = Challenge.objects.filter(
        pk=found, user_id=user_id, purpose=act.purpose, context_hash=challenges.context_hash(act.context),
        passed_at__gt=now - VALID_FOR, spent_at__isnull=True,
    )  # fmt: skip
    if session_key is not None:
        rows = rows.filter(session_hash=challenges.session_hash(session_key))
    if not rows.exists():
        raise StepUpNeeded(act)
    try:
        challenges.spend_challenge(challenge_id=found, now=now)
    except challenges.ChallengeOver as gone:  # by another request, a moment ago
        raise StepUpNeeded(act) from gone
    return found


def _id_of(handed: str) -> UUID | None:
    """The question behind a text of ours; None for any other text."""
    try:
        found = UUID(hex=handed[:_ID])
    except ValueError:
        return None
    given = handed[_ID:].encode(errors="replace")
    return found if any(secrets.compare_digest(given, mac.encode()) for mac in _macs(found)) else None


def _macs(pk: UUID) -> Iterator[str]:
    """By each key that is in use, the newest first: a key may change between proof and act."""
    for key in ring("handed_proof").values():
        mac = hmac.HMAC(key, hashes.SHA256())
        mac.update(pk.bytes)
        yield mac.finalize().hex()
