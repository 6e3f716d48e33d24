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
