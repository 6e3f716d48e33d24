"""
Many at one moment on the same account: it is opened by two, never by one twice.

Each test has been seen to fail with its guard taken away; its docstring says which.
"""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import UnfreezeRequest, User
from accounts.states import Standing
from core import clock, retention
from core.actor import SYSTEM
from core.models import AuditEntry
from escrow.services import holds
from flows import incidents
from shop.models import Cart
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.escrow import OrderFactory, held
from tests.factories.shop import StoreFactory
from tests.stories import actor_of
from tests.together import at_once, winners

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.money]


def frozen_with_money():
    user = UserFactory()
    hold = held(order=OrderFactory(items_minor=10_000, store=StoreFactory(owner=user)))
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    incidents.restrict(
        user_id=user.pk, to=Standing.FROZEN, reason="taken", actor=actor_of(MediatorFactory()), now=clock.now()
    )
    return user


def open_again(user, staff):
    return incidents.unfreeze(user_id=user.pk, reason="it is him", actor=actor_of(staff), now=clock.now())


def test_two_of_the_staff_at_once_are_one_who_asks_and_one_who_agrees():
    """Seen red on PostgreSQL without the lock on the member's row: both asked, and one met the constraint."""
    user, one, two = frozen_with_money(), MediatorFactory(), MediatorFactory()
    results = at_once([lambda: open_again(user, one), lambda: open_again(user, two)])
    assert sorted(map(bool, winners(results))) == [False, True]
    row = UnfreezeRequest.objects.get()
    assert {row.asked_by, row.agreed_by} == {one.pk, two.pk} and not row.in_force
    assert User.objects.get(pk=user.pk).standing == Standing.NORMAL


def test_one_of_the_staff_ten_times_at_once_opens_nothing():
    """Seen red on PostgreSQL without the lock on the member's row: nine met the constraint instead of a refusal."""
    user, one = frozen_with_money(), MediatorFactory()
    results = at_once([lambda: open_again(user, one) for _ in range(10)])
    assert winners(results) == [False] and UnfreezeRequest.objects.count() == 1
    assert User.objects.get(pk=user.pk).standing == Standing.FROZEN


def test_ten_who_agree_at_once_open_it_once():
    """Seen red on PostgreSQL without the lock on the member's row: all ten were told that they had opened it."""
    user = frozen_with_money()
    assert not open_again(user, MediatorFactory())
    others = [MediatorFactory() for _ in range(10)]
    results = at_once([lambda staff=staff: open_again(user, staff) for staff in others])
    assert winners(results) == [True]
    assert AuditEntry.objects.filter(act="account.normal").count() == 1


def test_a_cart_that_is_filled_while_the_night_clears_old_ones_stays():
    """Seen red on PostgreSQL without the lock in ``delete_rows``: the purge waited for the visitor, then deleted."""
    cart = Cart.objects.create(token="x" * 43)
    Cart.objects.update(updated_at=timezone.now() - timedelta(days=999))
    busy, purged = threading.Event(), threading.Event()

    def visit() -> None:
        with transaction.atomic():
            Cart.objects.filter(pk=cart.pk).update(updated_at=timezone.now())
            busy.set()
            purged.wait(timeout=1)

    def clear() -> None:
        busy.wait(timeout=10)
        retention.purge_all(now=timezone.now())
        purged.set()

    at_once([visit, clear])
    assert Cart.objects.filter(pk=cart.pk).exists()
