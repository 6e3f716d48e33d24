"""The demo's past: everything in the order of time, each thing at its own moment, and something of every kind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from PIL import Image

from accounts.models import AccountRecovery, Incident, User
from accounts.states import Standing
from core import clock
from core.models import Deadline, Delivery
from demo.seeding.timeline import LOOKS
from disputes.models import Case
from escrow.models import Hold, Payout, Transfer
from escrow.queries import books
from escrow.states import HoldStatus
from shop.models import CardKey, Order, Product, Store, StoreApplication, StoreDocument, StoreReport, Variant
from shop.queries.vetting import seen_licence
from shop.states import ApplicationStatus, OrderStatus


@pytest.fixture
def seeded(db, monkeypatch):
    """A small past; the drawings have tests of their own."""
    monkeypatch.setattr("demo.seeding.shelves.product_image", lambda *a, **k: Image.new("RGB", (8, 8)))
    call_command("seed_demo", history=2, verbosity=0)


def test_the_past_happened_in_the_order_of_time(seeded):
    at = list(Transfer.objects.order_by("id").values_list("at", flat=True))
    assert len(at) > 50
    assert at == sorted(at)
    assert books().discrepancies == []
    for hold in Hold.objects.filter(status=HoldStatus.RELEASED, closed_at__lt=clock.now() - timedelta(hours=2)):
        end = hold.closed_at + timedelta(hours=24)
        paid = Payout.objects.filter(store_id=hold.store_id, created_at__range=(hold.closed_at, end), status="paid")
        assert paid.exists(), f"released at {hold.closed_at}, paid out later"
    late = Deadline.objects.filter(done_at__isnull=True, paused_at__isnull=True, due_at__lt=clock.now())
    assert not late.exclude(kind__in=LOOKS).exists()
    assert not Delivery.objects.filter(done_at__isnull=True).exists()
    assert set(Order.objects.values_list("status", flat=True)) == set(OrderStatus)
    open_kinds = {"open", "offered", "refused", "return_due", "return_sent", "resend_due", "mediation"}
    assert open_kinds | {"agreed", "ruled", "withdrawn"} == set(Case.objects.values_list("status", flat=True))
    assert Product.objects.count() == 63
    assert Product.objects.filter(cover="").count() == 0
    assert not Store.objects.filter(region_en="", status="approved").exists()
    with_codes = Order.objects.filter(kind="code")
    assert {"pending", "paid", "delivered", "completed", "refunded"} >= set(with_codes.values_list("status", flat=True))
    assert len(set(with_codes.values_list("status", flat=True))) >= 4
    assert set(CardKey.objects.values_list("status", flat=True)) >= {"available", "sold", "quarantined", "expired"}
    for variant in Variant.objects.filter(product__kind="code"):
        waiting = sum(line.quantity for line in variant.orderline_set.filter(order__status__in=("pending", "paid")))
        assert variant.stock == variant.keys.filter(status="available").count() - waiting


def test_the_console_has_an_account_in_trouble_one_to_give_back_and_two_reports(seeded):
    assert list(AccountRecovery.objects.values_list("status", "proofs")) == [("review", ["order", "earlier_address"])]
    assert list(Incident.objects.values_list("status", flat=True)) == ["opened"]
    reports = StoreReport.objects.filter(status="open").order_by("made_at")
    assert [bool(row.reporter_id) for row in reports] == [True, False]
    assert not User.objects.exclude(standing=Standing.NORMAL).exists(), "and everybody can still do what he can try"


def test_every_stage_of_an_application_is_there(seeded):
    rows = list(StoreApplication.objects.values_list("status", flat=True))
    assert set(rows) == set(ApplicationStatus)
    assert rows.count("submitted") == 2, "one that waits, one that is overdue and taken"
    assert StoreDocument.objects.filter(status="review", store__status="approved").count() == 1
    selling = Store.objects.filter(status="approved")
    assert selling.count() == 12
    assert all(store.may_sell and seen_licence(store.pk) for store in selling)
    lacking = Product.objects.filter(status="listed", category__parent__permit="food").exclude(
        store__documents__permit="food"
    )
    assert not lacking.exists()
