"""The audit trail: append-only entries of who did what to which thing, when and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from core import clock
from core.actor import Actor
from core.bulk import Inserts
from core.models import AuditEntry
from core.prepared import Insert

_ENTRY = Insert(AuditEntry)
_ENTRIES = Inserts(AuditEntry, varying=("subject", "order_id", "facts"))


def record(
    *,
    actor: Actor,
    act: str,
    subject_type: str,
    subject: str,
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
    order_id: UUID | None = None,
) -> None:
    """Write one entry in the current transaction. ``facts`` must be JSON; amounts in minor units."""
    _ENTRY.one(
        at=clock.now(),
        user_id=actor.user_id,
        device_id=actor.device_id,
        act=act,
        subject_type=subject_type,
        subject=subject,
        reason=reason[:500],
        facts=dict(facts or {}),
        order_id=order_id,
    )


def record_many(
    *,
    actor: Actor,
    act: str,
    subject_type: str,
    rows: Sequence[tuple[str, UUID | None, Mapping[str, Any]]],
    now: datetime,
    reason: str = "",
) -> None:
    """Write one entry for each of ``rows`` (subject, order, facts) in the current transaction, with one statement."""
    _ENTRIES.add(
        rows,
        same={
            "at": now, "user_id": actor.user_id, "device_id": actor.device_id, "act": act,
            "subject_type": subject_type, "reason": reason[:500],
        },
    )  # fmt: skip
