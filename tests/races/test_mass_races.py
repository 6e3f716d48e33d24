"""
A store writes to many at one moment: the day's count, the button, a batch that runs twice.

Each test has been seen to fail on PostgreSQL with its guard taken away; its docstring says which. On SQLite, which lets
in one writer at a time, only the last one depends on its guard.
"""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from core import clock
from core.models import AuditEntry, OutboxEvent
from flows.tell_mass import buyers_mass_message
from shop.models import MassMessage, Store
from shop.queries.mass import Reach
from shop.services import mass
from shop.services.mass import A_DAY, Letter
from shop.states import Audience
from tests.mass import buyers
from tests.stories import actor_of, paid_order
from tests.together import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def sending(store: Store, key: UUID):
    letter = Letter(key, Reach(Audience.OPEN), "A recall", "Please do not use it.")
    return lambda: mass.send(
        store=store, letter=letter, actor=actor_of(store.owner), now=clock.now(), prove=lambda words: None
    )


def test_many_messages_at_once_are_two_a_day():
    """Guard: ``lock_store`` in ``mass.send``, the mutex of the store's day."""
    store = paid_order().store
    results = at_once([sending(store, uuid4()) for _ in range(8)])
    sent = [result for result in results if isinstance(result, MassMessage)]
    assert len(sent) == MassMessage.objects.count() == A_DAY


def test_the_button_pressed_many_times_at_once_sends_one_message():
    """Guard: ``lock_store`` in ``mass.send``; without it, all but one meet the unique key as a crash."""
    store, key = paid_order().store, uuid4()
    results = at_once([sending(store, key) for _ in range(8)])
    assert {result.pk for result in results} == {MassMessage.objects.get().pk}
    assert AuditEntry.objects.filter(act="store.wrote_to_many").count() == 1
    assert OutboxEvent.objects.filter(name="store.mass_sent").count() == 1


def test_a_batch_that_runs_twice_at_once_calls_for_the_next_one_once(monkeypatch):
    """Guard: the compare-and-set of ``cursor`` in ``mass.pass_on``."""
    monkeypatch.setattr(mass, "BATCH", 2)
    store = paid_order().store
    buyers(store, 4)
    row = sending(store, uuid4())()
    results = at_once([lambda: buyers_mass_message({"message_id": str(row.pk), "after": 0})] * 4)
    assert not [result for result in results if isinstance(result, Exception)]
    assert OutboxEvent.objects.filter(name="store.mass_goes_on").count() == 1
