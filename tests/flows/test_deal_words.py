"""What a deal's pages say and offer where something went another way than usual."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from core import clock
from disputes.queries import store_case_counts, store_cases, store_work
from disputes.states import Remedy
from escrow.models import Refund
from flows import aftersale, cancellation
from flows.deal import deal, short_sentences
from flows.facts import BUYER, MERCHANT, STAFF
from logistics.states import ShipmentStatus
from tests import stories
from tests.sandbox import pay_at_bank

pytestmark = [pytest.mark.django_db, pytest.mark.money]
ENGLISH = {"accept-language": "en"}


def seen(order, viewer=BUYER):
    with translation.override("en"):
        return deal(order_id=order.pk, viewer=viewer, now=clock.now())


def text_of(client, order, name="order"):
    client.force_login(order.buyer)
    return client.get(reverse(f"shop:{name}", args=[order.number]), headers=ENGLISH).content.decode()


def wrongly_paid():
    """¥1.00 came instead of the price, and the order was cancelled."""
    order = stories.placed_order()
    pay_at_bank(order.payment_id, "wrong_amount", minor=100)
    cancellation.cancel(order_id=order.pk, reason="", actor=stories.buyer_of(order), now=clock.now())
    return stories.fresh(order)


def test_money_that_came_and_went_back_stands_on_the_orders_account(client):
    order = wrongly_paid()
    assert "¥1.00 that arrived goes back to you" in seen(order).sentence.text
    assert [line.amount.minor for line in seen(order).money] == [100]
    stories.wait(days=3)
    view, refund = seen(order), Refund.objects.get()
    assert [(line.kind, line.amount.minor, line.balance.minor) for line in view.money] == [
        ("capture", 100, 100), ("refund", -100, 0),
    ]  # fmt: skip
    assert view.money[1].reference == refund.gateway_ref != ""
    assert "¥1.00 that did not fit this order was returned to you on" in view.sentence.text
    assert f"number {refund.gateway_ref}" in view.sentence.text
    page = text_of(client, order, "order-money")
    assert "No money has moved yet" not in page
    assert refund.gateway_ref in page
    assert "Arrived and set apart" in text_of(client, order)


def test_the_merchant_does_not_read_of_money_that_was_never_his():
    order = wrongly_paid()
    stories.wait(days=3)
    view = seen(order, MERCHANT)
    assert view.sentence.text == "Cancelled before it was paid; no money is held."
    assert view.money == []
    assert "was returned to the buyer" in seen(order, STAFF).sentence.text


def test_a_second_try_after_a_wrong_amount_shows_both_arrivals():
    order = stories.placed_order()
    pay_at_bank(order.payment_id, "wrong_amount", minor=100)
    stories.settle()
    pay_at_bank(order.payment_id)
    lines = [(line.kind, line.amount.minor) for line in seen(order).money]
    assert ("capture", 100) in lines
    assert ("capture", order.total_minor) in lines


def test_a_deals_page_asks_no_more_than_twelve_times(client):
    for order in (wrongly_paid(), stories.delivered_order()):
        stories.wait(hours=30)
        text_of(client, order)
        for name in ("order", "order-money"):
            with CaptureQueriesContext(connection) as asked:
                text_of(client, order, name)
            signing_in = sum("session" in query["sql"] or "last_login" in query["sql"] for query in asked)
            assert len(asked) - signing_in <= 12, [query["sql"] for query in asked]


def test_a_refund_that_has_arrived_says_so():
    order = stories.paid_order()
    stories.wait(hours=50)
    cancellation.cancel(order_id=order.pk, reason="", actor=stories.buyer_of(order), now=clock.now())
    assert "goes back the way you paid" in seen(order).sentence.text
    stories.settle()
    refund = Refund.objects.get()
    assert refund.status == "done"
    for viewer in (BUYER, MERCHANT, STAFF):
        said = seen(order, viewer).sentence.text
        assert "was returned to" in said
        assert f"number {refund.gateway_ref}" in said
        with translation.override("en"):
            rows = short_sentences([stories.fresh(order)], viewer=viewer, now=clock.now())
        assert rows[order.pk].text == said


@pytest.mark.parametrize("status", [ShipmentStatus.LOST, ShipmentStatus.EXCEPTION])
def test_a_missing_parcel_is_not_offered_for_confirming(client, status):
    order = stories.shipped_order()
    assert [act.key for act in seen(order).acts] == ["confirm", "case"]
    stories.scan(order.shipments.get(), status)
    acts = seen(order).acts
    assert [(act.key, act.primary) for act in acts] == [("case", True)]
    page = text_of(client, order, "order-confirm")
    assert "The carrier has not reported delivery" in page
    assert {"lost": "Lost", "exception": "Problem on the way"}[status] in page
    assert page.count("button-primary button-big") == 1
    assert page.index("button-primary button-big") > page.index("Confirm receipt, pay")


def test_before_delivery_the_page_to_confirm_says_where_the_parcel_is(client):
    order = stories.shipped_order()
    assert "The carrier has not reported delivery: Picked up" in text_of(client, order, "order-confirm")
    stories.scan(order.shipments.get(), ShipmentStatus.DELIVERED)
    assert "has not reported delivery" not in text_of(client, order, "order-confirm")


def test_a_day_that_has_passed_is_not_promised():
    order = stories.shipped_order()
    parcel = order.shipments.get()
    parcel.eta_to = clock.now().date() + timedelta(days=2)
    parcel.save(update_fields=["eta_to"])
    assert "the parcel is expected by" in seen(order).sentence.text
    parcel.eta_to = clock.now().date() - timedelta(days=2)
    parcel.save(update_fields=["eta_to"])
    said = seen(order).sentence.text
    assert "was expected by" in said
    assert "is still held" in said
    assert "is expected" not in said


def returning():
    case = stories.open_case(stories.delivered_order(), want=Remedy.RETURN)
    aftersale.accept(case_id=case.pk, actor=stories.merchant_of(case.order), now=clock.now())
    stories.sandbox_carrier(case.store_id)
    aftersale.send_back(
        case_id=case.pk, carrier_code="sandbox", number="BACK0001", actor=stories.buyer_of(case.order), now=clock.now()
    )
    case.refresh_from_db()
    return case


def mine(case):
    """How many cases the merchant's tab, its list and the office's tile say wait for him."""
    tab, rows = store_case_counts(case.store_id)["mine"], store_cases(case.store_id, view="mine").count()
    assert tab == rows == store_work(case.store_id).to_answer
    return tab


def row_act(client, order):
    client.force_login(order.store.owner)
    act = client.get(reverse("merchant:orders"), headers=ENGLISH).context["rows"][0].act
    return act.label if act else ""


def room(client, case):
    client.force_login(case.buyer)
    return client.get(reverse("disputes:case", args=[case.number]), headers=ENGLISH).content.decode()


def test_a_return_is_on_its_way_from_the_first_scan_on(client):
    case = returning()
    page = room(client, case)
    assert "The carrier has not scanned the return parcel yet." in page
    assert "Return booked, not scanned by the carrier yet" in page
    assert "The goods are with the carrier" not in page
    assert "The goods are on their way back" not in page
    stories.scan(case.order.shipments.get(direction="back"), ShipmentStatus.PICKED_UP)
    page = room(client, case)
    assert "The goods are with the carrier" in page
    assert "The goods are on their way back" in page
    assert "not scanned" not in page


def test_a_case_asks_its_merchant_for_what_is_needed_and_only_then(client):
    case = stories.open_case(stories.delivered_order(), want=Remedy.RETURN)
    act = seen(case.order, MERCHANT).acts[0]
    assert (act.label, act.primary, mine(case), row_act(client, case.order)) == (
        "Answer the case", True, 1, "Answer the case",
    )  # fmt: skip
    aftersale.accept(case_id=case.pk, actor=stories.merchant_of(case.order), now=clock.now())
    act = seen(case.order, MERCHANT).acts[0]
    assert (act.label, act.primary, mine(case), row_act(client, case.order)) == ("Go to the case", False, 0, "")


def test_returned_goods_wait_for_the_merchant_once_they_have_come(client):
    case = returning()
    assert (seen(case.order, MERCHANT).acts[0].label, mine(case), row_act(client, case.order)) == (
        "Go to the case", 0, "",
    )  # fmt: skip
    stories.scan(case.order.shipments.get(direction="back"), ShipmentStatus.DELIVERED)
    act = seen(case.order, MERCHANT).acts[0]
    assert (act.label, act.primary, mine(case), row_act(client, case.order)) == (
        "Are the goods back?", True, 1, "Are the goods back?",
    )  # fmt: skip


def test_steps_to_come_are_not_called_done():
    order = stories.placed_order()
    assert [(step.label, step.state) for step in seen(order).steps] == [
        ("Awaiting payment", "now"), ("To be held", "todo"), ("To be shipped", "todo"), ("To be delivered", "todo"),
        ("To be released", "todo"),
    ]  # fmt: skip
    pay_at_bank(order.payment_id)
    assert [step.label for step in seen(order).steps][:3] == ["Paid", "Held", "To be shipped"]


def test_an_unpaid_order_that_was_cancelled_has_one_step():
    order = stories.placed_order()
    cancellation.cancel(order_id=order.pk, reason="", actor=stories.buyer_of(order), now=clock.now())
    assert [(step.label, step.state) for step in seen(order).steps] == [("Cancelled", "stopped")]


def test_cancelling_a_late_order_is_asked_for_twice(client):
    order = stories.paid_order()
    assert client.get(reverse("shop:order-cancel", args=[order.number])).status_code == 302  # not signed in
    client.force_login(order.buyer)
    assert client.get(reverse("shop:order-cancel", args=[order.number])).url == order.get_absolute_url()  # in time
    stories.wait(hours=50)
    page = text_of(client, order, "order-cancel")
    assert f"Cancel and get {order.total} back" in page
    assert stories.fresh(order).status == "paid"
    row = client.get(reverse("shop:orders"), headers=ENGLISH).context["rows"][0]
    assert row.act.url == reverse("shop:order-cancel", args=[order.number])
    client.post(row.act.url)
    assert stories.fresh(order).status == "refunded"
