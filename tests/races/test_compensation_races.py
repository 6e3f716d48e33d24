"""
Many at one moment in the same incident: what is made good is made good once.

Each test has been seen to fail with its guard taken away; its docstring says which.
"""

from __future__ import annotations

from functools import partial

import pytest

from accounts.services import incidents
from core import clock
from core.actor import SYSTEM
from core.errors import IllegalTransition
from core.money import Money
from escrow.ledger import account, balance
from escrow.models import Compensation, Refund, Transfer, TransferKind
from escrow.services import holds
from flows import compensation
from flows import late_refunds as flow
from shop.models import Order
from shop.states import OrderStatus
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.escrow import OrderFactory, held
from tests.factories.shop import StoreFactory
from tests.stories import actor_of, merchant_of
from tests.together import at_once, books_agree, winners

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.money]


def opened(user):
    return incidents.open_incident(user_id=user.pk, text="Not me.", actor=actor_of(user), now=clock.now())


def decide(incident, staff, minor, **where):
    return compensation.decide(
        incident_id=incident.pk, number=1, amount=Money(minor), reason="Our mistake.", actor=actor_of(staff),
        now=clock.now(), **where,
    )  # fmt: skip


def test_two_of_the_staff_who_press_at_once_pay_once():
    """Seen red on PostgreSQL with the number counted anew instead of taken from the page: all ten paid."""
    user = UserFactory()
    store, incident = StoreFactory(owner=user), opened(user)
    staff = [MediatorFactory() for _ in range(10)]
    results = at_once([lambda one=one: decide(incident, one, 4_000, store_id=store.pk) for one in staff])
    assert len(winners(results)) == 1 and Compensation.objects.count() == 1
    assert balance(account(f"merchant:{store.pk}:CNY")) == 4_000
    books_agree()


def test_ten_who_agree_at_once_pay_once(settings):
    """Seen red on PostgreSQL without compare-and-set and the incident's lock: the ledger's key alone refused."""
    settings.COMPENSATION_APPROVAL_MINOR = 1
    user = UserFactory()
    store, incident = StoreFactory(owner=user), opened(user)
    row = decide(incident, MediatorFactory(), 4_000, store_id=store.pk)
    staff = [MediatorFactory() for _ in range(10)]
    results = at_once([
        lambda one=one: compensation.approve(compensation_id=row.pk, actor=actor_of(one), now=clock.now())
        for one in staff
    ], beaten=(IllegalTransition,))  # fmt: skip
    assert len(winners(results)) == 1
    assert Transfer.objects.filter(kind=TransferKind.COMPENSATION).count() == 1
    assert balance(account(f"merchant:{store.pk}:CNY")) == 4_000
    books_agree()


def test_what_is_made_good_and_what_the_merchant_gives_back_are_together_never_more_than_was_paid():
    """Seen red on PostgreSQL without the lock on the payment's orders: 6,000 and 6,000 of 10,000 went back."""
    for _round in range(5):
        buyer = UserFactory()
        hold = held(order=OrderFactory(items_minor=10_000, buyer=buyer))
        holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
        Order.objects.filter(pk=hold.order_id).update(status=OrderStatus.COMPLETED, closed_at=clock.now())
        incident, staff = opened(buyer), MediatorFactory()
        order = Order.objects.select_related("store").get(pk=hold.order_id)
        give = {"order_id": order.pk, "amount_minor": 6_000, "reason": "", "actor": merchant_of(order)}
        results = at_once([
            partial(decide, incident, staff, 6_000, payment_id=hold.payment_id),
            partial(flow.give_back, **give, now=clock.now()),
        ])  # fmt: skip
        assert len(winners(results)) == 1
        assert sum(Refund.objects.filter(payment=hold.payment_id).values_list("amount_minor", flat=True)) == 6_000
    books_agree()
