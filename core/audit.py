"""The audit trail: append-only entries of who did what to which thing, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from core import clock
from core.actor import Actor
from core.models import AuditEntry
from core.prepared import Insert

_ENTRY = Insert(AuditEntry)


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
