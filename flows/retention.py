"""
The one table of what is kept how long. ``docs/security.md`` prints it; days are set in ``config/retention.py``.

What belongs to an incident or a recovery that is open is not deleted before it is closed, however old.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import (
    AccountRecovery,
    ApiToken,
    Challenge,
    Device,
    Incident,
    LoginEvent,
    MemberSession,
    Notice,
    OutgoingMessage,
    QRLogin,
    SignInChange,
)
from accounts.states import IncidentStatus, RecoveryStatus
from core.models import Deadline, Delivery, Job, OutboxEvent
from core.retention import Kept, Purge, delete_rows
from core.sealed_files import drop_sealed
from shop.models import Cart, StoreInvitation, StoreReport
from shop.states import InvitationStatus

log = logging.getLogger(__name__)
Older = Callable[[datetime], "QuerySet[Any]"]
OPEN_RECOVERY = (RecoveryStatus.WAITING, RecoveryStatus.REVIEW, RecoveryStatus.APPROVED)


def _of(older: Older) -> Purge:
    """A purge of rows in the order of their ids."""
    return lambda before, limit: delete_rows(older(before).order_by("pk"), limit)


def _but_disputed(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Without what belongs to somebody whose account is being looked into, or recovered."""
    incident = Incident.objects.filter(user_id=OuterRef("user_id")).exclude(status=IncidentStatus.CLOSED)
    recovery = AccountRecovery.objects.filter(user_id=OuterRef("user_id"), status__in=OPEN_RECOVERY)
    return rows.filter(~Exists(incident), ~Exists(recovery))


def _devices(before: datetime) -> QuerySet[Device]:
    return _but_disputed(Device.objects.filter(Q(revoked_at__lt=before) | Q(trusted_until__lt=before)))


def _recoveries(before: datetime) -> QuerySet[AccountRecovery]:
    return _but_disputed(AccountRecovery.objects.filter(ended_at__lt=before).exclude(status__in=OPEN_RECOVERY))


def _events(before: datetime) -> QuerySet[OutboxEvent]:
    """Told to everybody; what was given up stays until somebody has looked."""
    owed = Delivery.objects.filter(event=OuterRef("pk"), done_at__isnull=True)
    return OutboxEvent.objects.filter(~Exists(owed), at__lt=before, owes="")


def _tokens(before: datetime) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(Q(revoked_at__lt=before) | Q(expires_at__lt=before))


def _quarantine(before: datetime, limit: int) -> int:
    """Infected files, sealed, with the note beside them that has their key."""
    folder, count = Path(settings.QUARANTINE_ROOT), 0
    for note in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        if count == limit:
            break
        try:
            said = json.loads(note.read_text(encoding="utf-8"))
            at, path = datetime.fromisoformat(said["at"]), str(said["path"])
        except (ValueError, KeyError, TypeError):
            log.warning("a note of the quarantine cannot be read: %s", note.name)
            continue
        if at < before:
            drop_sealed(path)
            note.unlink(missing_ok=True)
            count += 1
    return count


NIGHTLY = {
    "logins": _of(lambda before: _but_disputed(LoginEvent.objects.filter(at__lt=before))),
    "challenges": _of(lambda before: _but_disputed(Challenge.objects.filter(created_at__lt=before))),
    "stays": _of(lambda before: _but_disputed(MemberSession.objects.filter(ended_at__lt=before))),
    "devices": _of(_devices),
    "qr": _of(lambda before: _but_disputed(QRLogin.objects.filter(expires_at__lt=before))),
    "changes": _of(lambda before: _but_disputed(SignInChange.objects.filter(at__lt=before))),
    "recoveries": _of(_recoveries),
    "notices": _of(lambda before: Notice.objects.filter(read_at__lt=before)),
    "notices_unread": _of(lambda before: Notice.objects.filter(read_at__isnull=True, created_at__lt=before)),
    "messages": _of(lambda before: OutgoingMessage.objects.filter(created_at__lt=before)),
    "tokens": _of(_tokens),
    "invitations": _of(
        lambda before: StoreInvitation.objects.filter(expires_at__lt=before).exclude(status=InvitationStatus.OPEN)
    ),
    "reports": _of(lambda before: StoreReport.objects.filter(answered_at__lt=before)),
    "carts": _of(lambda before: Cart.objects.filter(user__isnull=True, updated_at__lt=before)),
    "jobs": _of(lambda before: Job.objects.filter(created_at__lt=before)),
    "deadlines": _of(lambda before: Deadline.objects.filter(done_at__lt=before)),
    "events": _of(_events),
    "quarantine": _quarantine,
    "sessions": _of(lambda before: Session.objects.filter(expire_date__lt=before)),
}
WORDS = {
    "logins": ("tries to sign in, with address and device", "", "answers who was in an account (R7): never under 180"),
    "challenges": ("proofs that were asked for", "", "the same; no code is in them"),
    "stays": ("sessions as they were, once ended", "", "the same"),
    "devices": ("devices that are trusted no more", "", "the same"),
    "qr": ("logins by QR code", "", ""),
    "changes": ("changes of how one signs in, with the old address", "", "whoever was robbed of one shows it by this"),
    "recoveries": ("recoveries that are over", "", "as papers"),
    "notices": ("notices that were read", " after that", "the order and its record say the same"),
    "notices_unread": ("notices nobody has read", "", ""),
    "messages": ("letters and texts as sent, with their address", "", "shows that an alarm went out"),
    "tokens": ("keys of systems, revoked or run out", " after that", ""),
    "invitations": ("invitations to teams that are over", "", ""),
    "reports": (
        "reports of stores and products",
        " after the answer",
        "shows a pattern; the audit trail keeps the act",
    ),
    "carts": ("carts of visitors", " after the last change", ""),
    "jobs": ("imports and their reports", "", ""),
    "deadlines": ("clocks that have run", " after that", "what they did stands in the audit trail"),
    "events": ("events that were told to all", "", "what was given up stays until somebody has looked"),
    "quarantine": ("infected uploads, sealed", "", "to be looked at, then gone"),
    "sessions": ("sessions", "until they run out", ""),
}
PAPERS = "`papers.purge`, a deadline of each store"
NOT_NIGHTLY = (
    Kept(
        what="sealed papers, identity and licence numbers, account numbers of a store that has ended",
        told=f"{settings.PAPERS_ENDED_DAYS} days after the end", by=PAPERS,
        why="the law asks for three years; longer while an order, case, incident, money or a legal hold needs them",
    ),
    Kept(
        what="the same of an application that was refused or has lapsed",
        told=f"{settings.PAPERS_REFUSED_DAYS} days after that", by=PAPERS,
    ),
    Kept(what="kind, digest, dates and decision of papers", told="for good", by="—", why="what we decided on what"),
    Kept(
        what="keys of repeated requests, with the answer", told="2 days",
        by="hourly `core.tasks.purge_idempotency_keys`",
    ),
    Kept(what="rate limits", told="as long as their window", by="the cache"),
    Kept(
        what="words and pictures of after-sale cases, sealed originals", told="with the order, for good", by="—",
        why="they are what a ruling on money was made from, and part of its signed record",
    ),
    Kept(
        what="orders, addresses they went to", told="for good", by="—", why="books; masked for who needs them no more",
    ),
    Kept(what="ledger, audit trail, receipts, notices of providers", told="for good", by="—", why="books"),
)  # fmt: skip
KEPT: tuple[Kept, ...] = (
    *(Kept(what=what, days=name, purge=NIGHTLY[name], told=told, why=why) for name, (what, told, why) in WORDS.items()),
    *NOT_NIGHTLY,
)
