"""Deals in bulk for the money measurements, and the work that is measured."""

from __future__ import annotations

import io
import itertools
from datetime import timedelta
from uuid import UUID, uuid4

from django.core.management import call_command
from django.db import connection

from accounts.models import Address, User
from core import clock, deadlines
from core.actor import Actor
from core.models import Deadline
from core.money import Money
from core.policies import current, from_values
from escrow import ledger
from escrow.gateways import use
from escrow.gateways.base import Capabilities, Created, Movement, PaymentState
from escrow.ledger import Entry
from escrow.models import Hold, Payment, Receipt, TransferKind
from escrow.services import payments as payment_services
from escrow.states import HoldStatus, PaymentStatus, ReceiptOutcome
from flows import purchase
from flows.deadlines import KINDS
from shop.models import Cart, CartLine, Order, OrderLine, Variant
from shop.queries.carts import checked
from shop.states import OrderStatus

_refs = itertools.count(10**12)
HUNDRED = 100


def due_holds(count: int, *, start: int = 0) -> None:
    """
    Delivered orders whose buyers were warned in time and whose inspection time is over, spread over all stores.

    ``start``: how many there are already, so that numbers go on.
    """
    now = clock.now()
    then, policy = now - timedelta(days=20), current("physical")
    fee_bps = from_values(policy.values).fee_bps
    buyer = User.objects.filter(addresses__is_default=True, stores=None).order_by("pk")[0]
    address = Address.objects.filter(user=buyer)[0].as_snapshot()
    variants = list(Variant.objects.filter(position=0).select_related("product").order_by("pk"))
    payments, orders, lines = [], [], []
    for place, variant in zip(range(start, start + count), itertools.cycle(variants), strict=False):
        minor = variant.price_minor
        payment = Payment(
            buyer=buyer, gateway="sandbox", reference=f"BENCH{place}", status=PaymentStatus.PAID, amount_minor=minor,
            created_at=then, expires_at=then, paid_at=then,
        )  # fmt: skip
        order = Order(
            number=f"D{place:011d}", buyer=buyer, store_id=variant.product.store_id, payment=payment,
            policy_id=policy.pk, status=OrderStatus.DELIVERED, items_minor=minor, total_minor=minor, fee_bps=fee_bps,
            address=address, placed_at=then, paid_at=then, shipped_at=then, delivered_at=then,
        )  # fmt: skip
        line = OrderLine(
            order=order, product=variant.product, variant=variant, title=variant.product.title, unit_minor=minor,
            quantity=1, total_minor=minor, promise_version=1,
        )  # fmt: skip
        payments.append(payment)
        orders.append(order)
        lines.append(line)
    Payment.objects.bulk_create(payments, batch_size=1000)
    Order.objects.bulk_create(orders, batch_size=1000)
    OrderLine.objects.bulk_create(lines, batch_size=1000)
    _held(payments, orders, fee_bps=fee_bps)
    due = [Deadline(kind="escrow.release", subject=str(order.pk), due_at=now) for order in orders]
    Deadline.objects.bulk_create(due, batch_size=1000)


def _held(payments: list[Payment], orders: list[Order], *, fee_bps: int) -> None:
    then = orders[0].placed_at
    Receipt.objects.bulk_create(
        [
            Receipt(
                payment=row, gateway="sandbox", gateway_ref=row.reference, amount_minor=row.amount_minor,
                currency="CNY", outcome=ReceiptOutcome.APPLIED, received_at=then, settled_at=then,
            )
            for row in payments
        ],
        batch_size=1000,
    )  # fmt: skip
    merchants = {pk: ledger.account(f"merchant:{pk}:CNY").pk for pk in {order.store_id for order in orders}}
    holds = [
        Hold(
            order=order, payment_id=order.payment_id, store_id=order.store_id, merchant_id=merchants[order.store_id],
            status=HoldStatus.HELD, currency="CNY", amount_minor=order.total_minor, fee_bps=fee_bps, opened_at=then,
            warned_at=then,
        )
        for order in orders
    ]  # fmt: skip
    Hold.objects.bulk_create(holds, batch_size=1000)
    provider, escrow, _fees = ledger.accounts("provider:sandbox:CNY", "escrow:CNY", "fees:CNY")
    captures = [Entry(TransferKind.CAPTURE, hold.pk, provider, escrow, hold.amount_minor) for hold in holds]
    for start in range(0, len(captures), 1000):
        ledger.post(captures[start : start + 1000], now=then)


def settle_tables() -> None:
    """Let the planner know the tables as autovacuum would have by now: bulk rows came in seconds instead of weeks."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def sweep(*, limit: int) -> int:
    """The sweep as the worker runs it, batches, leases, audit, events and all; give how many holds it released."""
    deadlines.install([kind for kind in KINDS if kind.name == "escrow.release"])
    before = Hold.objects.filter(status=HoldStatus.RELEASED).count()
    deadlines.sweep(limit=limit)
    return Hold.objects.filter(status=HoldStatus.RELEASED).count() - before


def post_singly(count: int) -> int:
    """One transfer a transaction, onto a merchant's balance and off again."""
    pot = ledger.account("escrow:CNY")
    merchant = ledger.account(f"merchant:{Order.objects.values_list('store_id', flat=True)[0]}:CNY")
    now = clock.now()
    for place in range(count):
        debit, credit = (pot, merchant) if place % 2 == 0 else (merchant, pot)
        ledger.post([Entry(TransferKind.CAPTURE, next(_refs), debit, credit, 100)], now=now)
    return count


def post_by_hundreds(count: int) -> int:
    """A hundred transfers a call and transaction, as many onto balances as off again; give how many transfers."""
    pot = ledger.account("escrow:CNY")
    stores = list(Order.objects.values_list("store_id", flat=True).distinct().order_by())
    merchants = ledger.accounts(*(f"merchant:{pk}:CNY" for pk in stores))
    now = clock.now()
    for start in range(0, count, HUNDRED):
        pairs = zip(range(start, start + HUNDRED), itertools.cycle(merchants), strict=False)
        entries = [
            Entry(TransferKind.CAPTURE, next(_refs), *((pot, merchant) if start % 200 == 0 else (merchant, pot)), 100)
            for _, merchant in pairs
        ]
        ledger.post(entries, now=now)
    return count


_carts: list[tuple[User, Cart]] = []


def filled_carts(count: int) -> None:
    """Members with an address and one thing in the cart."""
    variants = list(Variant.objects.filter(position=0).order_by("pk"))
    sample = Address.objects.filter(is_default=True).order_by("pk")[0]
    users = User.objects.bulk_create(
        User(email=f"bench{place}@tashi.example", name="Bench", password="!", phone=None) for place in range(count)
    )
    carts = Cart.objects.bulk_create(Cart(user=user) for user in users)
    for user in users:
        sample.pk, sample.user, sample._state.adding = uuid4(), user, True
        sample.save(force_insert=True)
    CartLine.objects.bulk_create(
        CartLine(cart=cart, variant=variant, quantity=1, price_seen_minor=variant.price_minor)
        for cart, variant in zip(carts, itertools.cycle(variants), strict=False)
    )
    _carts.extend(zip(users, carts, strict=True))


class PaidAtOnce:
    """A provider without a network: every payment is there when it is asked for."""

    name = "sandbox"
    payee = "tashi-sandbox"
    capabilities = Capabilities(hold_days=365, partial_refund=True, currencies=frozenset({"CNY"}))

    def __init__(self) -> None:
        self.amounts: dict[str, Money] = {}

    def create_payment(self, *, key: str, amount: Money, **_: object) -> Created:
        self.amounts[key] = amount
        return Created(reference=key, url="/")

    def query_payment(self, *, reference: str) -> PaymentState:
        movement = Movement(ref=f"MV{reference}", amount=self.amounts[reference], at=clock.now())
        return PaymentState("paid", (movement,), payee=self.payee)


def buy(count: int) -> int:
    """From the filled cart to money in escrow: the total is read, the order placed, the payment started and settled."""
    with use("sandbox", PaidAtOnce()):  # type: ignore[arg-type]
        for user, cart in [_carts.pop() for _ in range(count)]:
            now = clock.now()
            payment_id = _place(user, cart)
            payment_services.start_payment(payment_id=payment_id)
            settled = purchase.settle_payment(payment_id=payment_id, now=now)
            assert settled.status == PaymentStatus.PAID
    return count


def placed() -> UUID:
    """Buy what the next filled cart holds; give the payment that then waits for its money."""
    return _place(*_carts.pop())


def _place(user: User, cart: Cart) -> UUID:
    payment = purchase.place(
        buyer_id=user.pk, cart_id=cart.pk, line_ids=None, address_id=Address.objects.get(user=user).pk,
        note="", seen_total_minor=checked(cart.pk, None).total.minor, actor=Actor(user_id=user.pk), now=clock.now(),
    )  # fmt: skip
    return payment.pk


def check_books() -> None:
    """:raises SystemExit: if they do not balance"""
    call_command("ledger_check", stdout=io.StringIO())
