"""
Many at one moment on the same account: it is opened by two, never by one twice.

Each test has been seen to fail with its guard taken away; its docstring says which.
"""

from __future__ import annotations

import pytest

from accounts.models import UnfreezeRequest, User
from accounts.states import Standing
from core import clock
from core.actor import SYSTEM
from core.models import AuditEntry
from escrow.services import holds
from flows import incidents
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
