"""
When the papers of a store that has ended are purged, and what keeps them from it.

A purge waits, a week at a time, while anything could still need them: an open order or case, a chargeback, money on the
balance or on its way, an incident of the owner's account, or a legal hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Incident
from accounts.states import IncidentStatus
from core import deadlines, outbox
from core.actor import SYSTEM
from core.models import AuditEntry, Deadline
from escrow.models import Chargeback
from escrow.services.account_numbers import forget_numbers
from escrow.states import ChargebackStatus
from flows.standing import stake_of
from shop.models import PapersHold, Store, StoreApplication, StoreDocument
from shop.services import papers
from shop.services.standing import lock_store
from shop.states import StoreStatus

LOOK_AGAIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Papers:
    """What becomes of a store's papers. ``due_at``: None while the store lives; ``kept_for``: what is in the way."""

    due_at: datetime | None
    purged_at: datetime | None
    hold: PapersHold | None
    kept_for: tuple[Promise, ...] = ()


def papers_of(store: Store, *, now: datetime) -> Papers:
    """For the pages: when papers are deleted, or when they were, and why not yet."""
    clock = Deadline.objects.filter(kind="papers.purge", subject=str(store.pk), done_at__isnull=True).first()
    application = StoreApplication.objects.filter(store=store).first()
    gone = StoreDocument.objects.filter(store=store, purged_at__isnull=False).order_by("-purged_at").first()
    return Papers(
        due_at=clock.due_at if clock else None,
        purged_at=application.purged_at if application else gone.purged_at if gone else None,
        hold=papers.hold_on(store.pk),
        kept_for=tuple(in_the_way(store, now=now)) if clock else (),
    )


def calendar(*, limit: int = 50) -> list[tuple[Store, datetime, PapersHold | None]]:
    """Whose papers are destroyed next, when, and what a legal hold says against it. Three queries."""
    rows = Deadline.objects.filter(kind="papers.purge", done_at__isnull=True).order_by("due_at", "id")[:limit]
    due = {UUID(row.subject): row.due_at for row in rows}
    stores = Store.objects.in_bulk(list(due))
    holds = {row.store_id: row for row in PapersHold.objects.filter(store__in=due, lifted_at__isnull=True)}
    return [(stores[pk], at, holds.get(pk)) for pk, at in due.items() if pk in stores]


def in_the_way(store: Store, *, now: datetime) -> list[Promise]:
    """Everything that still needs a store's papers; empty when they may go."""
    stake = stake_of(store, now=now)
    disputes = Chargeback.objects.filter(hold__order__store=store, status=ChargebackStatus.OPEN)
    incidents = Incident.objects.filter(user_id=store.owner_id).exclude(status=IncidentStatus.CLOSED)
    found = {
        _("a legal hold"): papers.hold_on(store.pk) is not None,
        _("open orders"): bool(stake.orders),
        _("open after-sale cases"): bool(stake.in_case),
        _("disputes at the payer's bank"): disputes.exists(),
        _("money that is not paid out or owed"): stake.is_any,
        _("an incident of the owner's account"): incidents.exists(),
    }
    return [words for words, is_so in found.items() if is_so]


def schedule_missing(*, now: datetime) -> int:
    """Give a clock to stores whose time has come without one: those that ended before there was one. How many."""
    over = Q(status=StoreStatus.ENDED) | Q(status=StoreStatus.APPLYING, application__status__in=papers.OVER)
    clocks = Deadline.objects.filter(kind="papers.purge", done_at__isnull=True).values_list("subject", flat=True)
    left = Q(documents__purged_at__isnull=True, documents__isnull=False) | Q(
        application__isnull=False, application__purged_at__isnull=True
    )
    rows = Store.objects.filter(over, left).select_related("application").distinct().order_by("pk")
    waiting = [row for row in rows if str(row.pk) not in set(clocks)]
    for row in waiting:
        papers.begin_end(row.pk, now=_ended_at(row, now), days=_days_of(row))
    return len(waiting)


def _days_of(store: Store) -> int:
    application = StoreApplication.objects.filter(store=store).first()
    is_refused = application is not None and application.status in papers.OVER
    return int(settings.PAPERS_REFUSED_DAYS if is_refused else settings.PAPERS_ENDED_DAYS)


def _ended_at(store: Store, now: datetime) -> datetime:
    row = AuditEntry.objects.filter(subject_type="store", subject=str(store.pk), act="store.ended").first()
    return row.at if row else now


def purge_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: papers that were kept long enough."""
    for subject in subjects:
        purge(UUID(subject), now=now)


@transaction.atomic
def purge(store_id: UUID, *, now: datetime) -> bool:
    """
    Destroy a store's papers if nothing needs them; else look again in a week. Whether they are gone.

    An application that is taken up again at this moment is locked by whoever comes first: the other finds it so.
    """
    store = lock_store(store_id)
    is_over = papers.is_over(store)
    deadlines.finish("papers.purge", subjects=[store_id])
    if not is_over:
        return False
    if in_the_way(store, now=now):
        deadlines.schedule("papers.purge", subject=store_id, due_at=now + LOOK_AGAIN)
        return False
    papers.purge(store=store, actor=SYSTEM, now=now)
    forget_numbers(store_id=store_id, actor=SYSTEM)
    outbox.publish("vetting.papers_purged", store_id=str(store_id), time=now.isoformat())
    return True
