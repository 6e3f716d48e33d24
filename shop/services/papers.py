"""
How long papers are kept, and their end (ASVS 14.2.7): files and numbers are destroyed, the record of them stays.

The clock ``papers.purge`` begins when a cooperation ends, an application is refused or lapses. What stands in the way
of a purge (orders, money, cases, a legal hold) is asked by ``flows.papers``, which knows all of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from core import audit, deadlines
from core.actor import Actor
from core.errors import NotFound
from core.transitions import advance
from shop.errors import ReasonMissing
from shop.models import PapersHold, Store, StoreApplication, StoreDocument, StoreKind
from shop.services import documents
from shop.states import DOCUMENT, ApplicationStatus, DocumentStatus, StoreStatus

OVER = (ApplicationStatus.REFUSED, ApplicationStatus.LAPSED)


def begin_end(store_id: UUID, *, now: datetime, days: int) -> None:
    """
    From now on a store's papers are only kept: its licence number is free for another application, and the clock of
    the purge begins.
    """
    held = StoreApplication.objects.filter(store_id=store_id, licence_index__isnull=False)
    held.update(past_licence_index=F("licence_index"), licence_index=None)
    deadlines.schedule("papers.purge", subject=store_id, due_at=now + timedelta(days=days))


def is_over(store: Store) -> bool:
    """Whether nobody needs the papers for a decision any more; its application is locked until the transaction ends."""
    application = StoreApplication.objects.select_for_update(no_key=True).filter(store=store).first()
    if store.status == StoreStatus.ENDED:
        return True
    return store.status == StoreStatus.APPLYING and application is not None and application.status in OVER


def purge(*, store: Store, actor: Actor, now: datetime) -> int:
    """
    Destroy what is sealed of a store, in the transaction that has locked it; how many documents there were.

    Kind, digest, dates and decision stay in each row; the application keeps what it was and how it was decided.
    """
    rows = list(StoreDocument.objects.filter(store=store, purged_at__isnull=True).order_by("pk"))
    is_lapsed = store.status == StoreStatus.APPLYING
    for row in rows:
        documents.shred(row, now=now)
        if is_lapsed and DocumentStatus.REMOVED in DOCUMENT.moves[DocumentStatus(row.status)]:
            advance(row, DocumentStatus.REMOVED, machine=DOCUMENT, actor=actor, reason="kept long enough")
    application = StoreApplication.objects.filter(store=store, purged_at__isnull=True).first()
    if application is not None:
        _blank(application, now=now)
    audit.record(
        actor=actor, act="store.papers_purged", subject_type="store", subject=str(store.pk), reason="kept long enough",
        facts={"documents": [{"kind": row.kind, "sha256": row.sha256, "status": row.status} for row in rows]},
    )  # fmt: skip
    return len(rows)


def _blank(application: StoreApplication, *, now: datetime) -> None:
    """The numbers and the person's name; a company's name stands in a public register and stays."""
    gone = {"id_number": None, "licence_number": None, "person_name": "", "id_index": "", "past_licence_index": ""}
    if application.kind != StoreKind.COMPANY:
        gone["legal_name"] = ""
    StoreApplication.objects.filter(pk=application.pk).update(purged_at=now, **gone)


@transaction.atomic
def keep(*, store_id: UUID, reason: str, actor: Actor, now: datetime) -> PapersHold:
    """
    Keep a store's papers whatever the clock says, until somebody lifts it. Asked twice, the first reason stands.

    :raises ReasonMissing: if none is given
    """
    store = _lock(store_id)
    if not reason.strip():
        raise ReasonMissing
    assert actor.user_id is not None
    found = hold_on(store_id)
    if found is not None:
        return found
    row = PapersHold.objects.create(store=store, reason=reason.strip()[:300], placed_by=actor.user_id, placed_at=now)
    _record("store.papers_held", store_id, actor, row.reason)
    return row


@transaction.atomic
def let_go(*, store_id: UUID, reason: str, actor: Actor, now: datetime) -> None:
    """
    Lift a legal hold: the clock decides again.

    :raises ReasonMissing: if none is given
    :raises NotFound: if there is none
    """
    _lock(store_id)
    if not reason.strip():
        raise ReasonMissing
    rows = PapersHold.objects.filter(store_id=store_id, lifted_at__isnull=True)
    if not rows.update(lifted_by=actor.user_id, lifted_at=now):
        raise NotFound
    _record("store.papers_let_go", store_id, actor, reason.strip()[:300])


def hold_on(store_id: UUID) -> PapersHold | None:
    """The legal hold in force, if there is one."""
    return PapersHold.objects.filter(store_id=store_id, lifted_at__isnull=True).first()


def _lock(store_id: UUID) -> Store:
    store = Store.objects.select_for_update(no_key=True).filter(pk=store_id).first()
    if store is None:
        raise NotFound
    return store


def _record(act: str, store_id: UUID, actor: Actor, reason: str) -> None:
    audit.record(actor=actor, act=act, subject_type="store", subject=str(store_id), reason=reason)
