"""The pool of card keys in numbers, and the keys of an order without their values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from shop.models import CardKey, CodeBatch, Order, OrderLine, Product
from shop.states import KeyStatus, Kind, OrderStatus

SHOWN_BATCHES = 50
COUNTED = (*KeyStatus.values, "revealed")
_COUNTS = {status: Count("pk", filter=Q(status=status)) for status in KeyStatus.values}
_COUNTS["revealed"] = Count("pk", filter=Q(status=KeyStatus.SOLD, revealed_at__isnull=False))
_NONE = dict.fromkeys(COUNTED, 0)


@dataclass(frozen=True, slots=True)
class Pool:
    """One variant's keys. ``stock`` is what may still be promised: keys for sale less those that orders wait for."""

    variant_id: UUID
    name: str
    stock: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Batch:
    pk: UUID
    name: str
    variant: str
    created_at: datetime
    expires_at: datetime | None
    stopped_at: datetime | None
    counts: Mapping[str, int]

    @property
    def unsold(self) -> int:
        return self.counts["available"] + self.counts["quarantined"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One key of an order, as far as anybody may know who has not opened it."""

    pk: UUID
    line_id: UUID
    title: str
    n: int
    of: int
    status: str
    status_word: str
    expires_at: datetime | None
    sold_at: datetime | None
    revealed_at: datetime | None
    batch: str

    @property
    def is_open(self) -> bool:
        return self.revealed_at is not None


def pools_of(product: Product) -> list[Pool]:
    """Each offered variant with what is in its pool. Two queries."""
    found = _counted(CardKey.objects.filter(variant__product=product), by="variant_id")
    return [
        Pool(variant.pk, variant.display_name, variant.stock, found.get(variant.pk, _NONE))
        for variant in product.variants.all()
        if variant.is_active or variant.pk in found
    ]


def batches_of(product: Product) -> list[Batch]:
    """The newest batches of a product. Two queries."""
    rows = list(CodeBatch.objects.filter(variant__product=product).select_related("variant")[:SHOWN_BATCHES])
    found = _counted(CardKey.objects.filter(batch__in=rows), by="batch_id")
    return [
        Batch(
            pk=row.pk, name=row.name, variant=row.variant.display_name, created_at=row.created_at,
            expires_at=row.expires_at, stopped_at=row.stopped_at, counts=found.get(row.pk, _NONE),
        )
        for row in rows
    ]  # fmt: skip


def _counted(keys: QuerySet[CardKey], *, by: str) -> dict[UUID, dict[str, int]]:
    rows: Iterable[dict[str, Any]] = keys.values(by).annotate(**_COUNTS).order_by()  # type: ignore[assignment]
    return {row[by]: {name: row[name] for name in COUNTED} for row in rows}


def pieces_of(order_id: UUID) -> list[Piece]:
    """The keys of an order, line by line. No value is read, so none can be shown. Two queries."""
    lines = {line.pk: line for line in OrderLine.objects.filter(order_id=order_id)}
    rows = CardKey.objects.filter(order_line__in=lines, n__isnull=False).select_related("batch").defer("value")
    return [
        Piece(
            pk=key.pk, line_id=line.pk, title=_title(line), n=key.n, of=line.quantity, status=key.status,
            status_word=key.get_status_display(), expires_at=key.expires_at, sold_at=key.sold_at,
            revealed_at=key.revealed_at, batch=key.batch.name,
        )
        for key in rows.order_by("order_line_id", "n")
        if key.order_line_id is not None and key.n is not None
        for line in [lines[key.order_line_id]]
    ]  # fmt: skip


def late_code_orders(*, before: datetime) -> int:
    """How many orders were paid before this moment and still have no codes."""
    return Order.objects.filter(kind=Kind.CODE, status=OrderStatus.PAID, in_case=False, paid_at__lt=before).count()


def _title(line: OrderLine) -> str:
    return " · ".join(part for part in (line.display_title, line.display_variant) if part)
