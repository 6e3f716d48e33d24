"""Where a store stands with the platform, and the two switches that follow from it: may it sell, what may be listed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from accounts.queries.people import standing_of
from accounts.services import standing as accounts
from core import audit, clock, deadlines, outbox
from core.actor import SYSTEM, Actor
from core.errors import NotFound
from core.transitions import advance
from shop.errors import StoreShut
from shop.models import Product, Store, StoreDocument
from shop.services import papers
from shop.services.documents import BUSINESS_KINDS, stop_clocks
from shop.services.goods_papers import missing_papers, needing
from shop.states import PRODUCT, STORE, DocumentStatus, ProductStatus, StoreStatus

CHECK_EVERY = timedelta(days=365)
LOOK_AGAIN = timedelta(days=14)
CLOCKS = ("store.check", "store.look_again", "store.wind_up", "store.sign_end")


def lock_store(store_id: UUID) -> Store:
    """
    A store's row, the mutex of its standing.

    :raises NotFound: if there is none
    """
    store = Store.objects.select_for_update(no_key=True).filter(pk=store_id).first()
    if store is None:
        raise NotFound
    return store


def move(store: Store, target: str, *, actor: Actor, reason: str, now: datetime) -> None:
    """
    Move a locked store along its table; its switch and its clocks follow.

    :raises IllegalTransition: if it stands elsewhere by now
    """
    was_halted = store.is_halted
    advance(store, target, machine=STORE, actor=actor, reason=reason, may_sell=_may_sell(store, target))
    _tell_if_halted(store, was_halted)
    deadlines.cancel_all(subjects=[store.pk], kinds=CLOCKS)
    if target == StoreStatus.APPROVED:
        deadlines.schedule("store.check", subject=store.pk, due_at=now + CHECK_EVERY)
    elif target == StoreStatus.SUSPENDED:
        deadlines.schedule("store.look_again", subject=store.pk, due_at=now + LOOK_AGAIN)
    elif target == StoreStatus.ENDING:
        deadlines.schedule("store.wind_up", subject=store.pk, due_at=now)
    elif target == StoreStatus.ENDED:
        stop_clocks(store.pk)
        papers.begin_end(store.pk, now=now, days=settings.PAPERS_ENDED_DAYS)


def refresh(store_id: UUID, *, actor: Actor = SYSTEM) -> bool:
    """
    Set the switches by what is true now, and audit it if they turn; whether the store may sell.

    The owner is read behind the store's lock: of a freeze and something else at one moment the later one sees both.
    """
    store = lock_store(store_id)
    was_halted, store.owner_shut = store.is_halted, _owner_is_shut(store)
    now_may = _may_sell(store, store.status)
    Store.objects.filter(pk=store_id).update(may_sell=now_may, owner_shut=store.owner_shut)
    if now_may != store.may_sell:
        why = "the owner's account is frozen or closed" if store.owner_shut else "a document has run out"
        audit.record(
            actor=actor, act="store.may_sell" if now_may else "store.may_not_sell", subject_type="store",
            subject=str(store_id), reason="documents and owner in order" if now_may else why,
        )  # fmt: skip
    _tell_if_halted(store, was_halted)
    return now_may


def _tell_if_halted(store: Store, was_halted: bool) -> None:
    """Buyers who wait for a parcel hear that they need not: once a store is halted they may cancel at once."""
    if store.is_halted and not was_halted:
        outbox.publish("shop.halted", store_id=str(store.pk))


def _may_sell(store: Store, status: str) -> bool:
    if status != StoreStatus.APPROVED or _owner_is_shut(store):
        return False
    return not run_out(store.pk).filter(kind__in=BUSINESS_KINDS).exists()


def _owner_is_shut(store: Store) -> bool:
    return not accounts.may(standing_of(store.owner_id), "sell")


KEEPING_OPEN = "SELECT id FROM shop_store WHERE id = ANY(%s) AND is_open AND may_sell ORDER BY id FOR SHARE"


def keep_open(store_ids: Collection[UUID]) -> None:
    """
    Let none of these stores be shut before this transaction has ended: an order comes before a freeze, or not at all.

    On SQLite whoever writes is alone, so nothing can come between.

    :raises StoreShut: if one is closed by now
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(KEEPING_OPEN, [sorted(store_ids)])
        if len(cursor.fetchall()) < len(set(store_ids)):
            raise StoreShut


def keep_papers(store_id: UUID) -> None:
    """
    Let no paper of a store run out before this transaction has ended: what is listed now is stopped with the rest.

    Checkouts go on meanwhile. On SQLite whoever writes is alone.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM shop_store WHERE id = %s FOR SHARE", [store_id])


def run_out(store_id: UUID) -> QuerySet[StoreDocument]:
    """Documents that have run out and were not renewed yet."""
    return StoreDocument.objects.filter(store_id=store_id, status=DocumentStatus.EXPIRED)


def stop_listings(row: StoreDocument) -> int:
    """Take off the shelf what needs a permit or an authorisation that has run out; how many listings there were."""
    return _turn(needing(row).filter(status=ProductStatus.LISTED), ProductStatus.STOPPED, row)


def start_listings(row: StoreDocument) -> int:
    """Put back what was stopped for want of a paper and now lacks no other; how many listings there were."""
    stopped = needing(row).filter(status=ProductStatus.STOPPED).select_related("category__parent")
    whole = [product.pk for product in stopped if not missing_papers(product)]
    return _turn(Product.objects.filter(pk__in=whole), ProductStatus.LISTED, row)


def _turn(rows: QuerySet[Product], target: str, paper: StoreDocument) -> int:
    """One update and one insert of audit entries, however many there are."""
    before: list[tuple[Any, str]] = list(
        rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", "status")
    )
    for source in {status for _, status in before}:
        assert target in PRODUCT.moves[source]
    Product.objects.filter(pk__in=[pk for pk, _ in before]).update(status=target)
    audit.record_many(
        actor=SYSTEM, act=f"product.{target}", subject_type="product", now=clock.now(),
        reason=f"{paper.kind}: {paper.permit or paper.brand}",
        rows=[(str(pk), None, {"from": status}) for pk, status in before],
    )  # fmt: skip
    return len(before)
