"""The broker is only a tap on the shoulder: without it requests succeed, and the next tick does the work."""

from __future__ import annotations

import time

import pytest
from django.test import Client
from django.urls import reverse

from config.celery import app
from core import nudge, outbox
from core.models import OutboxEvent
from escrow.queries import books
from tests.stories import delivered_order, fresh, settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.money]


def removed(folder) -> dict:
    """The queue's folder is gone."""
    return {"broker_url": "filesystem://", "folder": folder / "nowhere"}


def corrupt(folder) -> dict:
    """Where the queue's folder was there is something else."""
    (folder / "queue").write_bytes(b"\x00not a folder")
    return {"broker_url": "filesystem://", "folder": folder / "queue"}


def refusing(folder) -> dict:
    """A Redis that is not running."""
    return {"broker_url": "redis://127.0.0.1:9/0", "folder": None}


@pytest.fixture(params=[removed, corrupt, refusing])
def broken_broker(request, tmp_path, settings, monkeypatch):
    """A broker that takes nothing, for the rest of the test."""
    broken = request.param(tmp_path)
    folder = str(broken["folder"] or "")
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": folder} if folder else {}
    before = (app.conf.broker_url, app.conf.broker_transport_options)
    settings.NUDGE = True
    monkeypatch.setattr(nudge, "_last", 0.0)
    monkeypatch.setattr(nudge, "GAP_SECONDS", 0.0)
    _use(broken["broker_url"], options)
    yield request.param.__name__
    assert nudge._is_free.acquire(timeout=30), "the last tap is over"
    nudge._is_free.release()
    _use(*before)


def _use(url, options):
    app.conf.broker_url = url
    app.conf.broker_transport_options = options
    app.amqp._producer_pool = None


def test_a_request_succeeds_without_a_broker(broken_broker, caplog):
    order = delivered_order()
    client = Client()
    client.force_login(order.buyer)
    began = time.monotonic()
    answer = client.post(reverse("shop:order-confirm", args=[order.number]))
    assert answer.status_code == 302
    assert time.monotonic() - began < 5, "nobody waits for a broker"
    assert fresh(order).status == "completed"
    for _ in range(100):
        if "the broker did not take a nudge" in caplog.text:
            break
        time.sleep(0.2)
    assert "the broker did not take a nudge" in caplog.text, "the broker was asked"
    assert outbox.depth() > 0
    settle()
    assert outbox.depth() == 0
    assert books().discrepancies == []


def test_a_reaction_that_fails_midway_is_repeated_alone(monkeypatch):
    """One of three reactions breaks twice: the others run once, it runs until it succeeds, nobody is told twice."""
    from core.models import Delivery
    from tests.stories import wait

    order = delivered_order()
    settle()
    calls = {"first": 0, "broken": 0}
    table = dict(outbox._table)
    real = table["escrow.released"]

    def counted(payload):
        calls["first"] += 1
        real["schedule_payout"](payload)

    def breaks_twice(payload):
        calls["broken"] += 1
        real["merchant_released"](payload)  # all is said, and then the line breaks before it is noted
        if calls["broken"] < 3:
            raise ConnectionError("no line")

    table["escrow.released"] = {**real, "schedule_payout": counted, "merchant_released": breaks_twice}
    monkeypatch.setattr(outbox, "_table", table)
    client = Client()
    client.force_login(order.buyer)
    client.post(reverse("shop:order-confirm", args=[order.number]))
    for _ in range(3):
        wait(minutes=2)
    assert calls == {"first": 1, "broken": 3}
    event = OutboxEvent.objects.get(name="escrow.released")
    assert not Delivery.objects.filter(event=event, done_at__isnull=True).exists()
    assert order.store.owner.notices.filter(kind="escrow.released").count() == 1
    assert order.buyer.notices.filter(kind="escrow.released").count() == 1
    assert books().discrepancies == []
