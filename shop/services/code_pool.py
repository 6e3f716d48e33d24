"""A store's pool of card keys: what of it may be sold, and what no longer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from core import audit, deadlines, outbox
from core.actor import SYSTEM, Actor
from shop.errors import NoSuchBatch, NoSuchProduct
from shop.models import CardKey, CodeBatch, Variant
from shop.roles import Act
from shop.services import stock
from shop.services.access import require_at
from shop.services.codes import GOOD_FOR, is_fresh, move
from shop.states import KeyStatus, Kind

UNSOLD = (KeyStatus.AVAILABLE, KeyStatus.QUARANTINED)


def variant_for_codes(*, store_id: UUID, product_id: UUID, variant_id: UUID | None) -> Variant:
    """
    The variant that keys are handed in for; of a product with one variant it need not be said.

    :raises NoSuchProduct: if the store has none such, or it is not sold as codes
    """
    rows = Variant.objects.select_related("product").filter(
        product_id=product_id, product__store_id=store_id, product__kind=Kind.CODE
    )
    found = list(rows.filter(pk=variant_id) if variant_id else rows.order_by("position", "id")[:2])
    if len(found) != 1:
        raise NoSuchProduct
    return found[0]


@transaction.atomic
def stop_batch(*, store_id: UUID, batch_id: UUID, reason: str, actor: Actor, now: datetime) -> int:
    """Put what is unsold of a batch into quarantine; how many keys that were."""
    batch = _lock(store_id=store_id, batch_id=batch_id, actor=actor)
    moved = move(_unsold(batch), KeyStatus.QUARANTINED, actor=actor, reason=reason, now=now)
    CodeBatch.objects.filter(pk=batch.pk, stopped_at=None).update(stopped_at=now)
    _after(batch, "codes.stopped", actor=actor, count=len(moved), reason=reason)
    return len(moved)


@transaction.atomic
def resume_batch(*, store_id: UUID, batch_id: UUID, reason: str, actor: Actor, now: datetime) -> int:
    """End a batch's quarantine: what is still good, and nobody has seen, is for sale again."""
    batch = _lock(store_id=store_id, batch_id=batch_id, actor=actor)
    fresh = _locked(batch).filter(is_fresh(now), seen_at=None, status=KeyStatus.QUARANTINED)
    moved = move(list(fresh), KeyStatus.AVAILABLE, actor=actor, reason=reason, now=now)
    CodeBatch.objects.filter(pk=batch.pk).update(stopped_at=None)
    _after(batch, "codes.resumed", actor=actor, count=len(moved), reason=reason)
    outbox.publish("shop.codes_added", variant_id=str(batch.variant_id))
    return len(moved)


@transaction.atomic
def withdraw_batch(*, store_id: UUID, batch_id: UUID, reason: str, actor: Actor, now: datetime) -> int:
    """Take what is unsold of a batch out of the pool for good; how many keys that were."""
    batch = _lock(store_id=store_id, batch_id=batch_id, actor=actor)
    moved = move(_unsold(batch), KeyStatus.WITHDRAWN, actor=actor, reason=reason, now=now)
    _after(batch, "codes.withdrawn", actor=actor, count=len(moved), reason=reason)
    return len(moved)


def expire_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: keys of these batches are too close to their date to be sold (V6)."""
    for subject in subjects:
        with transaction.atomic():
            batch = CodeBatch.objects.filter(pk=subject).first()
            deadlines.finish("code.expire", subjects=[subject])
            if batch is not None:
                _expire(batch, now=now)


def _expire(batch: CodeBatch, *, now: datetime) -> None:
    stock.lock_products_of(variant_ids=[batch.variant_id])
    keys = [key for key in _unsold(batch) if key.expires_at is not None]
    old = [key for key in keys if key.expires_at and key.expires_at <= now + GOOD_FOR]
    move(old, KeyStatus.EXPIRED, actor=SYSTEM, reason="too close to its date", now=now)
    later = min((key.expires_at for key in keys if key not in old and key.expires_at), default=None)
    if later is not None:
        deadlines.schedule("code.expire", subject=batch.pk, due_at=later - GOOD_FOR)
    stock.recount(variant_ids=[batch.variant_id])


def _lock(*, store_id: UUID, batch_id: UUID, actor: Actor) -> CodeBatch:
    """
    A store's batch, its product locked, for who may write its products.

    :raises NoSuchBatch: if the store has none such
    """
    require_at(store_id, Act.PRODUCTS, actor=actor)
    batch = CodeBatch.objects.filter(pk=batch_id, variant__product__store_id=store_id).first()
    if batch is None:
        raise NoSuchBatch
    stock.lock_products_of(variant_ids=[batch.variant_id])
    return batch


def _unsold(batch: CodeBatch) -> list[CardKey]:
    return list(_locked(batch).filter(status__in=UNSOLD))


def _locked(batch: CodeBatch) -> QuerySet[CardKey]:
    """Keys of a batch, locked: a payment that is taking one goes first, and the rest is what is left."""
    return CardKey.objects.select_for_update().filter(batch=batch).defer("value").order_by("pk")


def _after(batch: CodeBatch, act: str, *, actor: Actor, count: int, reason: str) -> None:
    stock.recount(variant_ids=[batch.variant_id])
    product = Variant.objects.values_list("product_id", flat=True).get(pk=batch.variant_id)
    facts = {"batch": str(batch.pk), "keys": count}
    audit.record(actor=actor, act=act, subject_type="product", subject=str(product), reason=reason, facts=facts)
