"""Goods on their way back: the merchant's time runs from their arrival, and a typed number refunds nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.models import Notice
from core import clock, deadlines
from core.models import Deadline
from disputes.models import CaseEntry
from disputes.states import CaseStatus, Remedy
from escrow.queries import hold_of
from flows import aftersale, fulfilment
from flows.deal import deal, short_sentences
from logistics.states import ShipmentStatus
from shop.states import OrderStatus
from tests import stories

pytestmark = [pytest.mark.django_db, pytest.mark.money]


def sent_back(*, adapter="sandbox"):
    """A case whose goods are on their way back to the merchant, and their parcel."""
    order = stories.delivered_order()
    case = stories.open_case(order, want=Remedy.RETURN)
    aftersale.accept(case_id=case.pk, actor=stories.merchant_of(order), now=clock.now())
    carrier = stories.sandbox_carrier(order.store_id, code=adapter, adapter=adapter)
    parcel = aftersale.send_back(
        case_id=case.pk, carrier_code=carrier.code, number="TSBACK0001", actor=stories.buyer_of(order),
        now=clock.now(),
    )  # fmt: skip
    case.refresh_from_db()
    return case, parcel


def inspect_by(case):
    return Deadline.objects.get(kind="case.inspect_by", subject=str(case.pk), done_at__isnull=True).due_at


def told(case, kind):
    return set(Notice.objects.filter(kind=kind).values_list("user_id", flat=True))


def both(case):
    return {case.buyer_id, case.order.store.owner_id}


def test_a_typed_number_does_not_start_the_merchants_time():
    case, parcel = sent_back()
    assert inspect_by(case) >= clock.now() + timedelta(hours=parcel.carrier.promise_hours, days=10)


def test_a_number_that_nobody_ever_scans_refunds_nobody_by_silence():
    case, _ = sent_back()
    stories.wait(days=14)
    case.refresh_from_db()
    assert case.status == CaseStatus.MEDIATION
    assert hold_of(case.order_id).rest == case.order.total
    assert Deadline.objects.filter(kind="case.decide_by", subject=str(case.pk), done_at__isnull=True).exists()
    assert told(case, "disputes.not_arrived") == both(case)
    assert not CaseEntry.objects.filter(case=case, act="silent").exists(), "the merchant was not silent"


def test_the_time_to_look_runs_from_the_delivery():
    case, parcel = sent_back()
    stories.wait(days=1)
    stories.scan(parcel, ShipmentStatus.PICKED_UP)
    stories.wait(days=1)
    stories.scan(parcel, ShipmentStatus.DELIVERED)
    assert abs(inspect_by(case) - clock.now() - timedelta(days=10)) < timedelta(minutes=1)
    stories.settle()
    assert told(case, "disputes.arrived_back") == both(case)
    stories.wait(days=9)
    case.refresh_from_db()
    assert case.status == CaseStatus.RETURN_SENT
    stories.wait(days=2)
    case.refresh_from_db()
    assert case.status == CaseStatus.AGREED
    assert hold_of(case.order_id).refunded_minor == case.order.total_minor


def test_a_late_parcel_takes_the_clock_along():
    case, parcel = sent_back()
    stories.wait(days=9)
    before = inspect_by(case)
    stories.scan(parcel, ShipmentStatus.PICKED_UP)
    assert inspect_by(case) > before
    stories.wait(days=12)
    stories.scan(parcel, ShipmentStatus.DELIVERED)
    stories.wait(days=9)
    case.refresh_from_db()
    assert case.status == CaseStatus.RETURN_SENT


def test_picked_up_and_never_delivered_is_for_the_platform():
    case, parcel = sent_back()
    stories.scan(parcel, ShipmentStatus.PICKED_UP)
    stories.wait(days=15)
    case.refresh_from_db()
    assert case.status == CaseStatus.MEDIATION
    assert hold_of(case.order_id).refunded_minor == 0


def test_a_number_delivered_long_ago_leaves_the_merchant_time_to_answer():
    case, parcel = sent_back()
    clock.advance_sandbox(timedelta(days=13))
    now = clock.now()
    stories.scan(parcel, ShipmentStatus.DELIVERED, at=now - timedelta(days=12, hours=20))
    assert inspect_by(case) >= now + timedelta(hours=24)


def test_a_carrier_that_reports_nothing_is_believed_no_sooner_than_promised():
    case, parcel = sent_back(adapter="manual")
    promised = timedelta(hours=parcel.carrier.promise_hours)
    assert abs(inspect_by(case) - clock.now() - promised - timedelta(days=10)) < timedelta(minutes=1)
    stories.scan(parcel, ShipmentStatus.DELIVERED)  # the merchant's own word, a second later
    assert abs(inspect_by(case) - clock.now() - promised - timedelta(days=10)) < timedelta(minutes=1)
    stories.wait(days=12)
    case.refresh_from_db()
    assert case.status == CaseStatus.RETURN_SENT
    stories.wait(days=2)
    case.refresh_from_db()
    assert case.status == CaseStatus.AGREED


def test_the_merchant_may_confirm_or_call_the_platform_at_any_time():
    case, _ = sent_back()
    aftersale.goods_back(case_id=case.pk, actor=stories.merchant_of(case.order), now=clock.now())
    assert stories.fresh(case.order).status == OrderStatus.REFUNDED
    other, _ = sent_back_again()
    aftersale.escalate(case_id=other.pk, text="Empty box.", actor=stories.merchant_of(other.order), now=clock.now())
    other.refresh_from_db()
    assert other.status == CaseStatus.MEDIATION


def sent_back_again():
    order = stories.delivered_order()
    case = stories.open_case(order, want=Remedy.RETURN)
    aftersale.accept(case_id=case.pk, actor=stories.merchant_of(order), now=clock.now())
    parcel = aftersale.send_back(
        case_id=case.pk, carrier_code="sandbox", number="TSBACK0002", actor=stories.buyer_of(order), now=clock.now()
    )
    return case, parcel


def test_a_scan_after_the_platform_was_called_starts_no_clock():
    case, parcel = sent_back()
    aftersale.escalate(case_id=case.pk, text="", actor=stories.buyer_of(case.order), now=clock.now())
    stories.scan(parcel, ShipmentStatus.DELIVERED)
    kinds = [row.kind for row in deadlines.open_deadlines(subjects=[case.pk])]
    assert kinds == ["case.decide_by"]


def test_goods_that_went_back_keep_the_claim_alive():
    """Taking the claim back would give the merchant goods and money."""
    case, parcel = sent_back()
    stories.scan(parcel, ShipmentStatus.PICKED_UP)
    aftersale.escalate(case_id=case.pk, text="", actor=stories.buyer_of(case.order), now=clock.now())
    with pytest.raises(aftersale.GoodsGoBack):
        aftersale.withdraw(case_id=case.pk, actor=stories.buyer_of(case.order), now=clock.now())
    assert hold_of(case.order_id).rest == case.order.total


def test_the_carrier_is_asked_about_a_return():
    _, parcel = sent_back()
    assert Deadline.objects.filter(kind="tracking.poll", subject=str(parcel.pk), done_at__isnull=True).exists()


def test_both_hear_early_that_a_return_does_not_move():
    case, parcel = sent_back()
    stories.settle()
    clock.advance_sandbox(timedelta(days=3))
    fulfilment.poll_due([str(parcel.pk)], clock.now())
    stories.settle()
    assert told(case, "disputes.return_stalled") == both(case)


def said(order, viewer):
    """The sentence of the order's page, which is the one of its row in a list."""
    with translation.override("en"):
        alone = deal(order_id=order.pk, viewer=viewer, now=clock.now()).sentence.text
        assert short_sentences([order], viewer=viewer, now=clock.now())[order.pk].text == alone
    return alone


@pytest.mark.parametrize("viewer", ["buyer", "merchant", "staff"])
def test_the_sentence_says_what_happens_to_a_return(viewer):
    case, parcel = sent_back()
    order = stories.fresh(case.order)
    assert "the platform decides" in said(order, viewer)
    assert "refunded" not in said(order, viewer)
    stories.scan(parcel, ShipmentStatus.DELIVERED)
    assert f"{order.total} is refunded" in said(order, viewer)


@pytest.mark.parametrize(("adapter", "words"), [("sandbox", "the platform decides"), ("manual", "reports nothing")])
def test_the_rooms_say_the_same(client, adapter, words):
    case, _ = sent_back(adapter=adapter)
    for user, name in ((case.buyer, "disputes:case"), (case.order.store.owner, "merchant:case")):
        client.force_login(user)
        page = client.get(reverse(name, args=[case.number]), headers={"accept-language": "en"}).content.decode()
        assert words in page


def test_a_claim_that_ends_does_not_wake_the_clock_of_a_parcel_that_turned_round():
    order = stories.shipped_order()
    stories.scan(order.shipments.get(), ShipmentStatus.DELIVERED, grade="B")
    stories.scan(order.shipments.get(), ShipmentStatus.RETURNED)
    case = stories.open_case(stories.fresh(order))
    aftersale.refuse(case_id=case.pk, text="No.", actor=stories.merchant_of(order), now=clock.now())
    stories.wait(days=8)
    case.refresh_from_db()
    assert case.status == CaseStatus.WITHDRAWN
    clocks = deadlines.open_deadlines(subjects=[order.pk])
    assert clocks
    assert all(row.paused_at is not None for row in clocks), [(row.kind, row.paused_at) for row in clocks]
    stories.wait(days=60)
    assert hold_of(order.pk).rest == order.total
