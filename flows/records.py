"""What an order's parties take home: everything on record of it, signed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from core.errors import NotFound
from core.models import AuditEntry
from escrow.models import Transfer
from escrow.records import custody, receipts
from flows.pieces import pieces_of
from flows.stories import WORDS
from shop.models import Order, Store
from shop.roles import Act


def order_record(order: Order, *, now: datetime, bundle: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """
    The signed record of one order, the same for both parties; whether the reader is one is the door's question.

    ``bundle``: which files go along with it, if any do.
    """
    return receipts.order_record(
        number=order.number,
        transfers=receipts.transfers_of(order.pk),
        events=list(_events(order)),
        evidence=[piece.on_record for piece in pieces_of(order.pk)],
        custody=custody.proof_of(order.pk),
        now=now,
        bundle=bundle,
    )


def receipt_for(*, transfer_id: int, user_id: UUID, now: datetime) -> dict[str, Any]:
    """
    The signed receipt of one movement, for the buyer or the merchant whose money it was.

    :raises NotFound: if it does not exist or is neither's
    """
    transfer = Transfer.objects.filter(pk=transfer_id).first()
    if transfer is None or not _is_party(transfer, user_id):
        raise NotFound
    return receipts.one_receipt(transfer_id=transfer_id, now=now)


def _is_party(transfer: Transfer, user_id: UUID) -> bool:
    """The buyer of its order, or who may see the money of its store, or to whom it was made good."""
    order_id, store_id = receipts.order_of(transfer), receipts.store_of(transfer)
    if order_id is not None:
        order = Order.objects.select_related("store").get(pk=order_id)
        return user_id == order.buyer_id or order.store.may(user_id, Act.MONEY)
    if store_id is None:
        return user_id == receipts.payer_of(transfer)
    store = Store.objects.filter(pk=store_id).first()
    return store is not None and store.may(user_id, Act.MONEY)


def _events(order: Order) -> Iterator[dict[str, str]]:
    """The audit trail as far as it concerns the parties, by acts and roles instead of words and names."""
    for entry in AuditEntry.objects.filter(order_id=order.pk, act__in=WORDS).order_by("id"):
        yield {"at": _text(entry.at), "act": entry.act, "who": _role(entry.user_id, order)}


def _role(user_id: UUID | None, order: Order) -> str:
    known = {None: "system", order.buyer_id: "buyer", order.store.owner_id: "merchant"}
    return known.get(user_id) or ("merchant" if order.store.was_here(user_id) else "platform")


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
