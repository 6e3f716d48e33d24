"""
Card keys: each is the piece of one order line, taken under a lock that makes others look further (bug 15).

Lock order: order, product, keys. Taking keys for a payment locks no product: nobody is waited for there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from core import audit
from core.actor import SYSTEM, Actor
from core.transitions import allowed
from shop.errors import NoSuchKey
from shop.models import CardKey, OrderLine
from shop.services import stock
from shop.states import CARD_KEY, KeyStatus

GOOD_FOR = timedelta(days=4)  # how long a key must still be good when it is sold: as long as its money may be held


def is_fresh(now: datetime) -> Q:
    """Keys that may be sold as far as their date is concerned (V6)."""
    return Q(expires_at__isnull=True) | Q(expires_at__gt=now + GOOD_FOR)


def assign(*, order_id: UUID, now: datetime) -> bool:
    """
    Give every piece of a locked order a key of its own, all or none; False if the pool has too few.

    Keys that others are taking at this moment are passed over, so no two payments wait for each other, and the update
    takes only what no line has.
    """
    picked: dict[UUID, UUID] = {}
    pieces: list[tuple[OrderLine, list[UUID]]] = []
    for line in OrderLine.objects.filter(order_id=order_id).order_by("pk"):
        found = _free(line.variant_id, count=line.quantity, but=picked, now=now)
        if len(found) < line.quantity:
            return False
        picked.update(dict.fromkeys(found, line.pk))
        pieces.append((line, found))
    for line, found in pieces:
        _take(found, line=line, now=now)
    return True


def _free(variant_id: UUID, *, count: int, but: Iterable[UUID], now: datetime) -> list[UUID]:
    """Free keys of a variant, those that expire first before others, locked where the database has locks of rows."""
    rows = CardKey.objects.filter(is_fresh(now), variant_id=variant_id, status=KeyStatus.AVAILABLE)
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    rows = rows.exclude(pk__in=list(but)).order_by(F("expires_at").asc(nulls_last=True), "id")
    return list(rows.values_list("pk", flat=True)[:count])


def _take(keys: Sequence[UUID], *, line: OrderLine, now: datetime) -> None:
    numbered = Case(*(When(pk=pk, then=Value(n)) for n, pk in enumerate(keys, 1)))
    free = CardKey.objects.filter(pk__in=keys, status=KeyStatus.AVAILABLE, order_line__isnull=True)
    taken = free.update(order_line=line, n=numbered, status=KeyStatus.SOLD, sold_at=now)
    assert taken == len(keys), "a locked key was taken by somebody else"
    _record(SYSTEM, KeyStatus.SOLD, [(pk, {"order_line": str(line.pk)}) for pk in keys], reason="paid", now=now)


@transaction.atomic
def take_back(*, order_id: UUID, actor: Actor, reason: str, now: datetime) -> None:
    """
    An order is undone: keys that nobody has seen are for sale again, those that were seen never are.

    Call it in the transaction that has moved the order; also for an order that never got its keys.
    """
    variants = list(OrderLine.objects.filter(order_id=order_id).values_list("variant_id", flat=True))
    stock.lock_products_of(variant_ids=variants)
    sold = CardKey.objects.select_for_update(of=("self",)).select_related("batch").defer("value")
    groups: dict[str, list[CardKey]] = defaultdict(list)
    for key in sold.filter(order_line__order_id=order_id, status=KeyStatus.SOLD).order_by("pk"):
        groups[_place_of(key, now=now)].append(key)
    for target, keys in groups.items():
        free = {} if target == KeyStatus.SPENT else {"order_line": None, "n": None, "sold_at": None}
        move(keys, target, actor=actor, reason=reason, now=now, **free)
    stock.recount(variant_ids=variants)


def _place_of(key: CardKey, *, now: datetime) -> str:
    """Where a key belongs whose order is undone."""
    if key.seen_at is not None:
        return KeyStatus.SPENT
    if key.expires_at is not None and key.expires_at <= now + GOOD_FOR:
        return KeyStatus.EXPIRED
    return KeyStatus.QUARANTINED if key.batch.stopped_at else KeyStatus.AVAILABLE


def move(
    keys: Sequence[CardKey], target: str, *, actor: Actor, reason: str, now: datetime, **changes: object
) -> list[CardKey]:
    """Move locked keys, those whose table allows it, with one update; give them."""
    fit = [key for key in keys if allowed(CARD_KEY, source=key.status, target=target)]
    if fit:
        CardKey.objects.filter(pk__among=[key.pk for key in fit]).update(status=target, **changes)
        _record(actor, target, [(key.pk, {"from": key.status}) for key in fit], reason=reason, now=now)
    return fit


def reveal(*, order_id: UUID, key_ids: Sequence[UUID] | None, now: datetime) -> tuple[list[CardKey], list[CardKey]]:
    """
    Open keys of a locked order for its buyer: all of them, or some. Give them, and those opened for the first time.

    :raises NoSuchKey: if one is not the order's
    """
    keys = list(keys_of(order_id).select_for_update(of=("self",)))
    if key_ids is not None:
        keys = [key for key in keys if key.pk in set(key_ids)]
        if len(keys) != len(set(key_ids)):
            raise NoSuchKey
    fresh = [key for key in keys if key.revealed_at is None and key.status == KeyStatus.SOLD]
    for key in fresh:
        key.revealed_at, key.seen_at = now, key.seen_at or now
    same = CardKey.objects.filter(pk__among=[key.pk for key in fresh])
    same.update(revealed_at=now, seen_at=Coalesce("seen_at", Value(now)))
    return [key for key in keys if key.revealed_at is not None], fresh


def note_seen(*, order_id: UUID, now: datetime) -> list[CardKey]:
    """Staff open the keys of a locked order: from now on they count as seen, though not by the buyer."""
    keys = list(keys_of(order_id).select_for_update(of=("self",)))
    CardKey.objects.filter(pk__among=[key.pk for key in keys], seen_at__isnull=True).update(seen_at=now)
    return keys


def replace(*, key: CardKey, actor: Actor, reason: str, now: datetime) -> bool:
    """Put another key in the place of one that does not work; False if the pool has none."""
    line, n = key.order_line_id, key.n
    assert line is not None
    found = _free(key.variant_id, count=1, but=(), now=now)
    if not found:
        return False
    move([key], KeyStatus.REPLACED, actor=actor, reason=reason, now=now, n=None, seen_at=key.seen_at or now)
    free = CardKey.objects.filter(pk__in=found, status=KeyStatus.AVAILABLE, order_line__isnull=True)
    taken = free.update(order_line_id=line, n=n, status=KeyStatus.SOLD, sold_at=now)
    assert taken == 1, "a locked key was taken by somebody else"
    _record(actor, KeyStatus.SOLD, [(found[0], {"order_line": str(line)})], reason="replacement", now=now)
    return True


def keys_of(order_id: UUID) -> QuerySet[CardKey]:
    """The keys of an order in the order of its lines; those that were replaced or refunded are not among them."""
    rows = CardKey.objects.filter(order_line__order_id=order_id, n__isnull=False)
    return rows.select_related("order_line").order_by("order_line_id", "n")


def _record(
    actor: Actor, target: str, rows: Sequence[tuple[UUID, Mapping[str, str]]], *, reason: str, now: datetime
) -> None:
    """By key, not by order: a large order's story is about the order."""
    audit.record_many(
        actor=actor, act=f"{CARD_KEY.name}.{target}", subject_type=CARD_KEY.name,
        rows=[(str(pk), None, facts) for pk, facts in rows], now=now, reason=reason,
    )  # fmt: skip
