"""Effects: owed from the transaction on, performed once, retried alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from core import clock, outbox
from core.models import Delivery, OutboxEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def reactions(monkeypatch):
    """Two reactions to one event; the second can be told to fail."""
    calls: dict[str, list] = {"first": [], "second": [], "fail": []}

    def first(payload):
        calls["first"].append(payload)

    def second(payload):
        if calls["fail"]:
            raise RuntimeError("no line")
        calls["second"].append(payload)

    monkeypatch.setattr(outbox, "_table", {"test.done": {"first": first, "second": second}})
    return calls


def test_each_reaction_runs_once(reactions):
    outbox.publish("test.done", order_id="1")
    outbox.drain()
    outbox.drain()
    assert reactions["first"] == reactions["second"] == [{"order_id": "1"}]


def test_nothing_is_owed_when_the_transaction_fails(reactions):
    def fails():
        with transaction.atomic():
            outbox.publish("test.done", order_id="1")
            raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError):
        fails()
    assert not OutboxEvent.objects.exists()


def test_a_failing_reaction_is_retried_alone(reactions, settings):
    settings.SANDBOX = True
    reactions["fail"].append(True)
    outbox.publish("test.done", order_id="1")
    outbox.drain()
    assert len(reactions["first"]) == 1
    row = Delivery.objects.get(done_at__isnull=True)
    assert (row.reaction, row.tries) == ("second", 1)
    assert "no line" in row.error
    reactions["fail"].clear()
    outbox.drain()
    assert not reactions["second"]  # it waits its pause
    clock.advance_sandbox(timedelta(seconds=5))
    outbox.drain()
    assert len(reactions["first"]) == len(reactions["second"]) == 1
    assert outbox.depth() == 0


def test_an_event_is_one_row_until_its_deliveries_are_due(reactions):
    for number in range(3):
        outbox.publish("test.done", order_id=str(number))
    assert OutboxEvent.objects.count() == 3
    assert not Delivery.objects.exists()
    assert outbox.depth() == 6
    assert outbox.oldest_owed(now=clock.now() + timedelta(hours=1)) >= timedelta(hours=1)
    outbox.spread(limit=2)
    assert (Delivery.objects.count(), outbox.depth()) == (4, 6)
    outbox.drain()
    assert [call["order_id"] for call in reactions["first"]] == ["0", "1", "2"]
    assert (Delivery.objects.filter(done_at__isnull=False).count(), outbox.depth()) == (6, 0)
    assert outbox.oldest_owed(now=clock.now() + timedelta(hours=1)) == timedelta()


def test_an_event_owes_what_it_owed_when_it_was_told(reactions, monkeypatch):
    """A worker of another version spreads it: nothing is forgotten, and what it does not know stays to be seen."""
    outbox.publish("test.done", order_id="1")
    monkeypatch.setattr(outbox, "_table", {"test.done": {"first": outbox._table["test.done"]["first"]}})
    outbox.drain()
    assert len(reactions["first"]) == 1
    assert Delivery.objects.get(reaction="second").dead_at is not None


def test_what_was_spread_before_is_not_owed_again(reactions):
    """As after a restore that brings an event back as it was told, with its deliveries done."""
    outbox.publish("test.done", order_id="1")
    outbox.drain()
    OutboxEvent.objects.update(owes="first,second")
    outbox.drain()
    assert len(reactions["first"]) == len(reactions["second"]) == 1


def test_an_event_without_reactions_owes_nothing(reactions):
    outbox.publish("test.unheard")
    assert outbox.depth() == outbox.drain() == 0
    assert not Delivery.objects.exists()


def test_what_never_works_is_given_up_and_stays_visible(reactions, settings):
    settings.SANDBOX = True
    reactions["fail"].append(True)
    outbox.publish("test.done", order_id="1")
    for _ in range(outbox.MAX_TRIES + 1):
        outbox.drain()
        clock.advance_sandbox(timedelta(hours=1, seconds=1))
    row = Delivery.objects.get(reaction="second")
    assert row.dead_at is not None
    assert row.tries == outbox.MAX_TRIES
