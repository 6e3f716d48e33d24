"""
Papers of merchants that need not be kept any longer: the files are destroyed, what was decided and the digest stay.

Three years after a cooperation has ended, as the E-Commerce Law wants records of merchants kept (article 31); half a
year after an application was refused. One that lapsed can be taken up again and keeps its papers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q

from core import audit
from core.actor import SYSTEM
from core.models import AuditEntry
from core.sealed_files import drop_sealed
from shop.models import Store, StoreApplication, StoreDocument
from shop.states import ApplicationStatus, DocumentStatus, StoreStatus

AFTER_THE_END = timedelta(days=3 * 365)
AFTER_A_NO = timedelta(days=180)


def destroy_old_papers(*, now: datetime) -> int:
    """Destroy the files of papers whose time is over; how many papers. Safe to repeat or break off."""
    count = 0
    for row in _old(now):
        _destroy(row)
        count += 1
    _forget_numbers(now)
    return count


def _old(now: datetime) -> Iterator[StoreDocument]:
    kept = StoreDocument.objects.exclude(path="").exclude(status=DocumentStatus.REMOVED)
    yield from kept.filter(status=DocumentStatus.REPLACED, decided_at__lt=now - AFTER_THE_END)
    refused = StoreApplication.objects.filter(_is_over(now)).values("store_id")
    yield from kept.filter(store_id__in=refused)
    for store in Store.objects.filter(status=StoreStatus.ENDED, documents__in=kept).distinct():
        ended = AuditEntry.objects.filter(act="store.ended", subject=str(store.pk)).order_by("-pk").first()
        if ended is not None and ended.at < now - AFTER_THE_END:
            yield from kept.filter(store=store)


def _is_over(now: datetime) -> Q:
    return Q(status=ApplicationStatus.REFUSED, decided_at__lt=now - AFTER_A_NO)


@transaction.atomic
def _destroy(row: StoreDocument) -> None:
    """First the row forgets where the file lies, then the file goes: a crash between the two leaves noise, no gap."""
    paths = [path for path in (row.path, row.copy_path) if path]
    StoreDocument.objects.filter(pk=row.pk).update(path="", copy_path="")
    audit.record(
        actor=SYSTEM, act="store_document.destroyed", subject_type="store_document", subject=str(row.pk),
        facts={"store": str(row.store_id), "kind": row.kind, "sha256": row.sha256},
    )  # fmt: skip
    for path in paths:
        transaction.on_commit(partial(drop_sealed, path))


def _forget_numbers(now: datetime) -> None:
    """Identity and licence numbers of who was not let in."""
    rows = StoreApplication.objects.filter(_is_over(now)).exclude(id_index="", licence_index__isnull=True)
    for row in rows:
        row.id_number = row.licence_number = None
        row.id_index, row.licence_index = "", None
        row.save(update_fields=["id_number", "licence_number", "id_index", "licence_index"])
