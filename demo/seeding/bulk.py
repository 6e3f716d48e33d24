"""Many finished orders at once, for measuring: rows as the flows would leave them, written set-wise."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction

from accounts.models import Address, User
from core.money import share
from core.policies import current, from_values
from escrow import ledger
from escrow.ledger import Entry
from escrow.models import Hold, Payment, Receipt, TransferKind
from escrow.states import HoldStatus, PaymentStatus, ReceiptOutcome
from shop.models import Order, OrderLine, Variant
from shop.states import OrderStatus

CHUNK = 1_000


def add_orders(count: int, *, now: datetime, chunk: int = CHUNK) -> int:
    """Write ``count`` completed orders spread over the demo's buyers, stores and the last year; the books balance."""
    buyers = list(User.objects.filter(stores=None, is_mediator=False, is_superuser=False))
    variants = list(Variant.objects.filter(product__kind="physical").select_related("product__store").order_by("pk"))
    address = Address.objects.first()
    assert address is not None, "seed the demo first"
    policy = current("physical")
    fee_bps = from_values(policy.values).fee_bps
    places = zip(range(count), itertools.cycle(buyers), itertools.cycle(variants), strict=False)
    while part := list(itertools.islice(places, chunk)):
        with transaction.atomic():
            _write(part, address=address.as_snapshot(), policy_id=policy.pk, fee_bps=fee_bps, now=now)
    return count


def _write(
    part: list[tuple[int, User, Variant]], *, address: dict[str, str], policy_id: int, fee_bps: int, now: datetime
) -> None:
    orders, payments, lines = [], [], []
    for place, buyer, variant in part:
        at = now - timedelta(minutes=30 + place % 525_000)
        payment = Payment(
            buyer=buyer, gateway="sandbox", reference=f"BULK{uuid4().hex[:16]}", status=PaymentStatus.PAID,
            amount_minor=variant.price_minor, created_at=at, expires_at=at, paid_at=at,
        )  # fmt: skip
        order = Order(
            number=f"B{place:011d}", buyer=buyer, store=variant.product.store, payment=payment, policy_id=policy_id,
            status=OrderStatus.COMPLETED, items_minor=variant.price_minor, total_minor=variant.price_minor,
            fee_bps=fee_bps, address=address, placed_at=at, paid_at=at, shipped_at=at, delivered_at=at, closed_at=at,
        )  # fmt: skip
        payments.append(payment)
        orders.append(order)
        lines.append(_line(order, variant))
    Payment.objects.bulk_create(payments)
    Order.objects.bulk_create(orders)
    OrderLine.objects.bulk_create(lines)
    Receipt.objects.bulk_create(_receipts(payments))
    _post(orders, fee_bps=fee_bps, now=now)


def _line(order: Order, variant: Variant) -> OrderLine:
    return OrderLine(
        order=order, product=variant.product, variant=variant, title=variant.product.title,
        title_en=variant.product.title_en, unit_minor=variant.price_minor, quantity=1, total_minor=variant.price_minor,
        promise_version=variant.product.version,
    )  # fmt: skip


def _receipts(payments: list[Payment]) -> Iterator[Receipt]:
    for payment in payments:
        yield Receipt(
            payment=payment, gateway="sandbox", gateway_ref=payment.reference, amount_minor=payment.amount_minor,
            currency="CNY", outcome=ReceiptOutcome.APPLIED, received_at=payment.created_at,
            settled_at=payment.created_at,
        )  # fmt: skip


def _post(orders: list[Order], *, fee_bps: int, now: datetime) -> None:
    """Capture and release each order's money through the ledger, in two calls."""
    merchants = {pk: ledger.account(f"merchant:{pk}:CNY") for pk in {order.store_id for order in orders}}
    holds = [_hold(order, merchants[order.store_id].pk, fee_bps) for order in orders]
    Hold.objects.bulk_create(holds)
    escrow, fees = ledger.account("escrow:CNY"), ledger.account("fees:CNY")
    provider = ledger.account("provider:sandbox:CNY")
    entries = []
    for hold in holds:
        entries.append(Entry(TransferKind.CAPTURE, hold.pk, provider, escrow, hold.amount_minor))
        net = hold.amount_minor - hold.fee_taken_minor
        entries.append(Entry(TransferKind.RELEASE_NET, hold.pk, escrow, merchants[hold.store_id], net))
        if hold.fee_taken_minor:
            entries.append(Entry(TransferKind.RELEASE_FEE, hold.pk, escrow, fees, hold.fee_taken_minor))
    ledger.post(entries, now=now)


def _hold(order: Order, merchant_id: int, fee_bps: int) -> Hold:
    return Hold(
        order=order, payment=order.payment, store_id=order.store_id, merchant_id=merchant_id,
        status=HoldStatus.RELEASED, currency="CNY", amount_minor=order.total_minor, released_minor=order.total_minor,
        fee_taken_minor=share(order.total_minor, fee_bps), fee_bps=fee_bps, opened_at=order.placed_at,
        warned_at=order.placed_at, closed_at=order.closed_at,
    )  # fmt: skip
