"""Buying: from the cart to money in escrow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.queries.addresses import address_of
from core import deadlines, outbox
from core.actor import SYSTEM, Actor
from core.policies import current, from_values, rules_of
from escrow.gateways import gateway as provider_of
from escrow.gateways.base import Movement, PaymentState, Refused, Unavailable
from escrow.models import Payment
from escrow.queries import ways
from escrow.services import holds, payments
from escrow.services import ways as choosing
from escrow.states import PaymentStatus
from flows import chargebacks, clocks
from flows import codes as delivery
from flows.errors import AddressNeeded, NothingToBuy, OwnGoods, TotalChanged
from shop.errors import CouponRefused, NoSuchCoupon, StoreShut
from shop.models import Order, Store, StoreMember
from shop.queries import carts as cart_queries
from shop.queries import coupons as coupon_queries
from shop.queries.carts import CartView, StoreGroup
from shop.services import carts, coupons, orders, stock
from shop.services.standing import keep_open
from shop.states import Kind, OrderStatus

POLL_EVERY = timedelta(minutes=5)
CLOSING_LASTS = timedelta(days=1)  # then every provider has closed a payment by itself
RETURN_WRONG_MONEY_AFTER = timedelta(hours=24)


@transaction.atomic
def place(
    *,
    buyer_id: UUID,
    cart_id: UUID,
    line_ids: list[UUID] | None,
    address_id: UUID | None,
    note: str,
    seen_total_minor: int,
    actor: Actor,
    now: datetime,
    coupon_codes: Mapping[UUID, str] | None = None,
) -> Payment:
    """
    Turn cart lines into one order per store and kind under one payment, with stock reserved until it must be paid.

    Codes go to no address. Where kinds have different times to pay, the shortest counts.

    ``coupon_codes``: store → the code chosen there, taken in one of that store's orders. Its use is reserved like the
    stock.

    :raises TotalChanged: if prices, stock or shipping are not what the buyer was shown
    :raises StoreShut: if a store is closed by now
    :raises OutOfStock: if somebody was faster
    :raises CouponRefused: if a coupon does not apply, or somebody was faster
    :raises CannotBeHeld: if the provider lets go of money sooner than the rules may need
    :raises AddressNeeded: if something must be shipped and nobody says where to
    """
    carts.lock_cart(cart_id)
    view = cart_queries.checked(cart_id, line_ids)
    if not view.groups:
        raise NothingToBuy
    view = _with_coupons(view, coupon_codes or {}, buyer_id, now=now)
    address = _snapshot(buyer_id, address_id) if view.needs_address else {}
    if view.has_shut:
        raise StoreShut
    if view.has_problems or view.total.minor != seen_total_minor:
        raise TotalChanged
    if _works_there(buyer_id, [group.store for group in view.groups]):
        raise OwnGoods
    policies = {kind: current(kind) for kind in view.kinds}
    rules = {kind: from_values(policy.values) for kind, policy in policies.items()}
    pay_by = now + timedelta(minutes=min(rule.pay_by_minutes for rule in rules.values()))
    longest = max(rule.longest_hold for rule in rules.values())
    gateway = payments.promise_to_hold(amount=view.total, at_most=longest)
    keep_open([group.store.pk for group in view.groups])
    stock.reserve(wants={line.variant.pk: line.quantity for group in view.groups for line in group.lines})
    payment = payments.open_payment(buyer_id=buyer_id, amount=view.total, gateway=gateway, expires_at=pay_by, now=now)
    wants = []
    for group in view.groups:
        order = orders.create_order(
            buyer_id=buyer_id,
            store_id=group.store.pk,
            lines=_specs(group),
            shipping_minor=group.shipping.minor,
            address=address if group.kind == Kind.PHYSICAL else {},
            payment_id=payment.pk,
            policy_id=policies[group.kind].pk,
            fee_bps=rules[group.kind].fee_bps,
            note=note,
            actor=actor,
            now=now,
            coupon_code=group.coupon.coupon.code if group.coupon else "",
        )
        outbox.publish("shop.placed", order_id=str(order.pk))
        wants += [coupons.Wanted(order, group.coupon)] if group.coupon else []
    coupons.reserve(wants=wants, expires_at=pay_by, now=now)
    carts.clear_lines(cart_id=cart_id, line_ids=[line.pk for group in view.groups for line in group.lines])
    deadlines.schedule_all([("order.pay_by", payment.pk, pay_by), ("payment.poll", payment.pk, now + POLL_EVERY)])
    return payment


def _with_coupons(view: CartView, codes: Mapping[UUID, str], buyer_id: UUID, *, now: datetime) -> CartView:
    """The cart with what was chosen in its stores taken off; asks nothing where nothing was chosen."""
    chosen = {group.store.pk: code for group in view.groups if (code := codes.get(group.store.pk, ""))}
    if not chosen:
        return view
    view = coupon_queries.with_offers(view, user_id=buyer_id, now=now, codes=chosen)
    view = coupon_queries.applied(view, chosen)
    for group in view.groups:
        if group.asked_code and group.coupon is None:
            raise NoSuchCoupon
        if group.coupon and not group.coupon.applies and not view.has_problems:
            raise CouponRefused(group.coupon.reason, coupon=group.coupon.coupon.code)
    return view


def _specs(group: StoreGroup) -> list[orders.LineSpec]:
    parts = group.coupon.parts if group.coupon else {}
    return [orders.LineSpec(line.variant, line.quantity, discount_minor=parts.get(line.pk, 0)) for line in group.lines]


def _snapshot(buyer_id: UUID, address_id: UUID | None) -> dict[str, str]:
    if address_id is None:
        raise AddressNeeded
    return address_of(user_id=buyer_id, address_id=address_id).as_snapshot()


def _works_there(buyer_id: UUID, stores: Sequence[Store]) -> bool:
    """Whether somebody would buy from a store he owns or works in: no trade, but what makes one look good."""
    if any(store.owner_id == buyer_id for store in stores):
        return True
    rows = StoreMember.objects.filter(user_id=buyer_id, left_at__isnull=True)
    return rows.filter(store__in=[store.pk for store in stores]).exists()


def notice_received(*, gateway: str, raw_body: bytes, headers: Mapping[str, str], now: datetime) -> None:
    """
    Take in a provider's notice: verify, store, then ask the provider himself what is true.

    The notice is only a hint. Forged ones are refused before anything is stored, repeated ones change nothing.

    :raises BadSignature: if it is not the provider's
    """
    notice, row = payments.store_notice(gateway=gateway, raw_body=raw_body, headers=headers, now=now)
    if row is None:
        return
    payment = ways.payment_at(gateway=gateway, reference=notice.payment_reference)
    if notice.kind == "dispute":
        chargebacks.dispute_changed(gateway=gateway, ref=notice.dispute_ref, now=now)
    elif payment is not None:
        settle_payment(payment_id=payment.pk, gateway=gateway, now=now)
    payments.note_processed(inbox_id=row.pk, now=now)


def settle_payment(*, payment_id: UUID, now: datetime, gateway: str = "") -> Payment:
    """
    Ask the provider for the truth about a payment and bring ours in line with it, in one transaction.

    Called by the webhook, which names its ``gateway``, by the return page, the poll and "check now", which ask every
    provider at which it was begun; in any order, any number of times.

    :raises Unavailable: if a provider does not answer and no other has the money
    """
    names = [gateway] if gateway else ["", *(row.gateway for row in ways.other_ways(payment_id))]
    states, silent = _asked(payment_id, names)
    with transaction.atomic():
        locked = orders.lock_orders_of(payment_id)
        payment = payments.lock_payment(payment_id)
        for name, state in states:
            by = name or payment.gateway
            for movement in state.movements:
                _take_in(payment, movement, gateway=by, state=state, locked=locked, now=now)
            if state.status == "declined" and payment.status == PaymentStatus.OPEN and by == payment.gateway:
                payments.note_declined(payment=payment, reason=state.reason)
    if silent is not None and payment.status == PaymentStatus.OPEN:
        raise silent
    return payment


def _asked(payment_id: UUID, names: list[str]) -> tuple[list[tuple[str, PaymentState]], Unavailable | None]:
    """What each provider says, and the silence of one that says nothing."""
    states: list[tuple[str, PaymentState]] = []
    silent = None
    for name in names:
        try:
            states.append((name, payments.ask_gateway(payment_id=payment_id, gateway=name)))
        except Unavailable as fault:
            silent = fault
    return states, silent


def _take_in(
    payment: Payment, movement: Movement, *, gateway: str, state: PaymentState, locked: list[Order], now: datetime
) -> None:
    """Decide what one arrival of money is: the payment itself, or money that must not be lost (E10, E16)."""
    if payments.is_known(gateway=gateway, movement=movement):
        return
    if payment.status == PaymentStatus.PAID:
        problem = "twice"
    elif payment.status == PaymentStatus.CLOSED:
        problem = "late"
    elif not payments.is_payee(gateway=gateway, payee=state.payee):
        problem = "wrong_payee"
    elif movement.amount.currency != payment.currency:
        problem = "wrong_currency"
    elif movement.amount.minor != payment.amount_minor:
        problem = "wrong_amount"
    else:
        choosing.go_by(payment=payment, gateway=gateway)
        _hold(payment, movement, locked=locked, now=now)
        return
    receipt = payments.park(payment=payment, gateway=gateway, movement=movement, reason=problem, now=now)
    if receipt is None:
        return
    if problem in ("twice", "late"):
        payments.return_receipt(receipt_id=receipt.pk, actor=SYSTEM, reason=problem, now=now)
    else:
        deadlines.schedule("receipt.return", subject=receipt.pk, due_at=now + RETURN_WRONG_MONEY_AFTER)
    outbox.publish("escrow.receipt_parked", receipt_id=receipt.pk, payment_id=str(payment.pk), reason=problem)


def _hold(payment: Payment, movement: Movement, *, locked: list[Order], now: datetime) -> None:
    """The money is what was asked for: each order's share goes into its own hold."""
    payments.mark_paid(payment=payment, movement=movement, actor=SYSTEM, now=now)
    open_holds(payment, locked=locked, actor=SYSTEM, reason="payment confirmed", now=now)


def open_holds(
    payment: Payment, *, locked: list[Order], actor: Actor, reason: str, now: datetime, is_parked: bool = False
) -> None:
    """Each order of a payment is paid: its share is held; codes are delivered, else the merchant's time begins."""
    for order in locked:
        orders.move(order, OrderStatus.PAID, actor=actor, reason=reason, paid_at=now)
        holds.open_hold(
            order_id=order.pk,
            payment_id=payment.pk,
            store_id=order.store_id,
            amount=order.total,
            fee_bps=order.fee_bps,
            actor=actor,
            now=now,
            reason=reason,
            is_parked=is_parked,
        )
        coupons.spend(order=order, actor=actor, now=now)
        if order.kind == Kind.CODE:
            delivery.deliver_or_wait(order, now=now)
        else:
            clocks.start_shipping(order, now=now)
        outbox.publish("escrow.held", order_id=str(order.pk))
    deadlines.cancel_all(subjects=[payment.pk], kinds=("order.pay_by", "payment.poll"))
    if ways.other_ways(payment.pk):
        deadlines.schedule("payment.close_ways", subject=payment.pk, due_at=now)


def ways_to_pay(*, payment: Payment, policy_ids: Iterable[int]) -> list[str]:
    """The providers that can do what the rules of this purchase promise, in the order in which they are offered."""
    return ways.ways_for(amount=payment.amount, at_most=max(rules_of(pk).longest_hold for pk in policy_ids))


def close_ways_due(subjects: Sequence[str], now: datetime) -> None:
    """
    Deadline handler: paid by one provider, so the others at which it was begun take no more money.

    They stay known: what comes by one of them all the same must find its payment, and goes back.
    """
    for payment in Payment.objects.filter(pk__in=subjects):
        still_open = False
        for row in ways.other_ways(payment.pk):
            try:
                if provider_of(row.gateway).close_payment(reference=row.reference) == "already_paid":
                    settle_payment(payment_id=payment.pk, gateway=row.gateway, now=now)
            except (Unavailable, Refused):
                still_open = True
        deadlines.finish("payment.close_ways", subjects=[payment.pk])
        if still_open and now < payment.expires_at + CLOSING_LASTS:
            deadlines.schedule("payment.close_ways", subject=payment.pk, due_at=now + POLL_EVERY)


def poll_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: ask again about payments whose notice may have been lost."""
    for subject in subjects:
        payment = Payment.objects.filter(pk=subject).first()
        still_open = payment is not None and payment.status == PaymentStatus.OPEN
        if payment is not None and still_open and payment.reference:
            try:
                payment = settle_payment(payment_id=payment.pk, now=now)
                still_open = payment.status == PaymentStatus.OPEN
            except Unavailable:
                pass
        deadlines.finish("payment.poll", subjects=[subject])
        if still_open and payment is not None and now + POLL_EVERY < payment.expires_at:
            deadlines.schedule("payment.poll", subject=subject, due_at=now + POLL_EVERY)
