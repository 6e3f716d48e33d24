"""Payments, holds and payout accounts, through the services; and a provider whose every answer is scripted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import factory
from django.conf import settings
from factory.django import DjangoModelFactory

from core import clock
from core.actor import SYSTEM
from core.money import Money
from core.policies import current
from escrow.gateways.base import (
    Capabilities,
    Created,
    Movement,
    Notice,
    PaymentState,
    PayoutState,
    RefundState,
    Unavailable,
)
from escrow.models import Hold, Payment, PayoutAccount, Receipt
from escrow.services import holds, payments, payouts
from escrow.services.payout_accounts import set_provider_account
from shop.models import Order


class OrderFactory(DjangoModelFactory[Order]):
    """A bare order of one amount, without lines: what a hold hangs on."""

    class Meta:
        model = Order

    number = factory.Sequence(lambda n: f"2026{n:010d}")
    buyer = factory.SubFactory("tests.factories.accounts.UserFactory")
    store = factory.SubFactory("tests.factories.shop.StoreFactory")
    policy = factory.LazyFunction(lambda: current("physical"))
    items_minor = 12_800
    total_minor = factory.SelfAttribute("items_minor")
    fee_bps = 500
    address = factory.Dict({})
    placed_at = factory.LazyFunction(clock.now)


def movement(minor: int = 12_800, currency: str = "CNY") -> Movement:
    return Movement(ref=f"MV{uuid4().hex}", amount=Money(minor, currency), at=clock.now())


def open_payment(minor: int = 12_800, *, buyer_id: UUID, currency: str = "CNY") -> Payment:
    now = clock.now()
    return payments.open_payment(
        buyer_id=buyer_id, amount=Money(minor, currency), gateway=settings.PAYMENT_GATEWAYS[0],
        expires_at=now + timedelta(minutes=30), now=now,
    )  # fmt: skip


def paid(payment: Payment) -> Receipt:
    """The right money arrives."""
    arrived = movement(payment.amount_minor, payment.currency)
    return payments.mark_paid(payment=payment, movement=arrived, now=clock.now(), actor=SYSTEM)


def held(minor: int = 12_800, *, fee_bps: int = 500, order: Order | None = None, warned: bool = False) -> Hold:
    """An order's money in escrow, paid in full by a payment of its own."""
    order = order or OrderFactory(items_minor=minor, fee_bps=fee_bps)
    payment = open_payment(order.total_minor, buyer_id=order.buyer_id)
    paid(payment)
    Order.objects.filter(pk=order.pk).update(payment=payment)
    now = clock.now()
    hold = holds.open_hold(
        order_id=order.pk,
        payment_id=payment.pk,
        store_id=order.store_id,
        amount=order.total,
        fee_bps=order.fee_bps,
        actor=SYSTEM,
        now=now,
    )
    if warned:
        holds.note_warned(order_id=order.pk, now=now - timedelta(days=2))
    return hold


def payout_account(store_id: UUID, number: str = "6222021234561234") -> PayoutAccount:
    return payouts.set_payout_account(
        store_id=store_id, bank="工商银行", holder="张三", number=number, actor=SYSTEM, now=clock.now()
    )


def account_there(store_id: UUID, number: str = "2088102146225135", *, gateway: str = "sandbox") -> PayoutAccount:
    """A store's own account at a provider that passes payments on; used to be its first, so it waits for nothing."""
    if gateway == "sandbox":
        row = PayoutAccount.objects.create(
            store_id=store_id, gateway=gateway, bank=gateway, number=number, last4=number[-4:], created_at=clock.now()
        )
    else:
        row = set_provider_account(store_id=store_id, gateway=gateway, number=number, actor=SYSTEM, now=clock.now())
    PayoutAccount.objects.filter(store_id=store_id).update(created_at=clock.now() - timedelta(days=9))
    return row


class ScriptedGateway:
    """
    A provider that does what the test says and remembers what it did.

    ``answers`` is used up call by call: an exception is raised, a state is given, ``"lose"`` does the work and loses
    the answer, ``"late"`` loses it and does the work only after the next question, and something to call is called
    while the provider is still at work. When they are used up, everything succeeds. Keys work as at a real provider:
    one key, one refund.
    """

    name = "sandbox"
    payee = "us"
    capabilities = Capabilities(hold_days=30, partial_refund=True, currencies=frozenset({"CNY"}))

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, str]] = []
        self.done: dict[str, Money] = {}
        self.later: dict[str, Money] = {}
        self.sent_back: dict[str, str] = {}

    @property
    def moved(self) -> int:
        return sum(amount.minor for amount in self.done.values())

    def _next(self, act: str, key: str, amount: Money, state: Callable[..., Any]) -> Any:
        self.calls.append((act, key))
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer == "late":
            self.later[key] = amount
            raise Unavailable
        if callable(answer):
            answer = answer()
        if answer is not None and answer != "lose":
            return answer
        self.done[key] = amount
        if answer == "lose":
            raise Unavailable
        return state(f"ref-{key}", "done", "")

    def refund(self, *, key: str, reference: str, movement_ref: str, amount: Money) -> RefundState:
        result: RefundState = self._next("refund", key, amount, RefundState)
        return result

    def payout(self, *, key: str, amount: Money, bank: str, holder: str, number: str) -> PayoutState:
        result: PayoutState = self._next("payout", key, amount, PayoutState)
        return result

    def query_refund(self, *, key: str, reference: str) -> RefundState:
        known = self._ask("query_refund", key)
        return RefundState(f"ref-{key}", "done", "") if known else RefundState("", "unknown", "")

    def query_payout(self, *, key: str) -> PayoutState:
        known = self._ask("query_payout", key)
        if key in self.sent_back:
            return PayoutState(f"ref-{key}", "returned", self.sent_back[key])
        return PayoutState(f"ref-{key}", "done", "") if known else PayoutState("", "unknown", "")

    def _ask(self, act: str, key: str) -> bool:
        """Whether the work under this key has been done; what was late is done right after."""
        self.calls.append((act, key))
        known = key in self.done
        self.done |= {late: self.later.pop(late) for late in [*self.later] if late == key}
        return known

    def create_payment(
        self, *, key: str, amount: Money, description: str, return_url: str, notify_url: str, expires_at: datetime
    ) -> Created:
        return Created(reference=f"at-{key}", url="https://bank.example/pay")

    def query_payment(self, *, reference: str) -> PaymentState:
        return PaymentState("open", payee=self.payee)

    def close_payment(self, *, reference: str) -> Literal["closed", "already_paid"]:
        return "closed"

    def parse_notice(self, *, raw_body: bytes, headers: Mapping[str, str]) -> Notice:
        return Notice(event_id=raw_body.decode(), payment_reference="", key="")


class PassingGateway(ScriptedGateway):
    """A scripted provider that also passes money on to merchants there, and takes it back."""

    capabilities = Capabilities(hold_days=30, partial_refund=True, currencies=frozenset({"CNY"}), splits=True)

    def release(self, *, key: str, reference: str, amount: Money, destination: str) -> PayoutState:
        result: PayoutState = self._next("release", key, amount, PayoutState)
        return result

    def query_release(self, *, key: str, reference: str) -> PayoutState:
        known = self._ask("query_release", key)
        return PayoutState(f"ref-{key}", "done", "") if known else PayoutState("", "unknown", "")

    def reverse_release(
        self, *, key: str, release_key: str, reference: str, amount: Money, payer_gets: Money | None = None
    ) -> RefundState:
        result: RefundState = self._next("reverse_release", key, amount, RefundState)
        return result

    def query_reversal(self, *, key: str, release_key: str, reference: str) -> RefundState:
        known = self._ask("query_reversal", key)
        return RefundState(f"ref-{key}", "done", "") if known else RefundState("", "unknown", "")
