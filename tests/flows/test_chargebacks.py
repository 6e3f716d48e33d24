"""Disputes as the sandbox bank plays them: notices in any order, and what the deal, its case and its people notice."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from core import clock, deadlines
from core.models import Deadline
from disputes.models import Case
from escrow.errors import ChargebackOpen
from escrow.gateways import gateway
from escrow.models import Chargeback, Hold, Inbox
from flows import aftersale, cancellation, chargebacks, release
from flows.deal import deal
from shop.models import Order, Variant
from tests import sandbox
from tests.escrow.bank import deliver_notices
from tests.factories.accounts import MediatorFactory
from tests.stories import (
    buyer_of,
    delivered_order,
    fresh,
    merchant_of,
    open_case,
    paid_order,
    scan,
    settle,
    ship,
    wait,
)

pytestmark = [pytest.mark.django_db, pytest.mark.money]


def bank(order: Order, outcome: str, *, minor: int | None = None, tell: bool = True) -> None:
    with sandbox.silence():
        sandbox.act(order.payment_id, outcome, minor=minor)
    if tell:
        deliver_notices()
        settle()


def hold_of(order: Order) -> Hold:
    return Hold.objects.get(order=order)


def clocks(order: Order) -> set[tuple[str, bool]]:
    rows = Deadline.objects.filter(subject__startswith=str(order.pk), done_at__isnull=True)
    return {(row.kind, row.paused_at is not None) for row in rows}


def completed() -> Order:
    order = delivered_order()
    release.confirm_receipt(order_id=order.pk, actor=buyer_of(order), now=clock.now())
    settle()
    return fresh(order)


def at_the_bank() -> int:
    return gateway("sandbox").balance(currency="CNY").amount.minor  # type: ignore[attr-defined]


def test_an_unshipped_deal_stands_still():
    order = paid_order()
    bank(order, "chargeback")
    assert hold_of(order).status == "frozen"
    assert at_the_bank() == 0
    assert all(paused for _, paused in clocks(order))
    with pytest.raises(ChargebackOpen):
        ship(order)
    with pytest.raises(ChargebackOpen):
        cancellation.cancel(order_id=order.pk, reason="", actor=merchant_of(order), now=clock.now())
    wait(days=12)
    assert fresh(order).status == "paid"
    view = deal(order_id=order.pk, viewer="merchant", now=clock.now())
    assert view.sentence.tone == "danger"


def test_won_lets_it_go_on():
    order = paid_order()
    bank(order, "chargeback")
    bank(order, "chargeback_won")
    assert hold_of(order).status == "held"
    assert not any(paused for _, paused in clocks(order))
    assert at_the_bank() == order.total_minor
    ship(fresh(order))
    assert Chargeback.objects.get().status == "won"


def test_lost_ends_it_and_gives_the_stock_back():
    order = paid_order()
    stock = Variant.objects.get(pk=order.lines.get().variant_id).stock
    bank(order, "chargeback")
    bank(order, "chargeback_lost")
    assert (fresh(order).status, hold_of(order).status) == ("refunded", "refunded")
    assert Variant.objects.get(pk=order.lines.get().variant_id).stock == stock + 1
    assert clocks(order) == set()


def test_the_merchant_and_staff_are_told():
    order, staff = paid_order(), MediatorFactory()
    bank(order, "chargeback")
    bank(order, "chargeback_won")
    kinds = set(order.store.owner.notices.values_list("kind", flat=True))
    assert {"escrow.chargeback_opened", "escrow.chargeback_closed"} <= kinds
    assert staff.notices.count() == 2


def test_the_clock_neither_warns_nor_releases_while_it_is_open():
    order = delivered_order()
    bank(order, "chargeback")
    wait(days=20)
    assert fresh(order).status == "delivered"
    assert not order.buyer.notices.filter(kind="escrow.release_soon").exists()
    with pytest.raises(ChargebackOpen):
        release.confirm_receipt(order_id=order.pk, actor=buyer_of(order), now=clock.now())


def test_delivered_while_it_is_open_waits_for_the_bank():
    order = paid_order()
    parcel = ship(order)
    scan(parcel, "picked_up")
    bank(order, "chargeback")
    scan(parcel, "delivered", grade="B")
    wait(days=20)
    assert (fresh(order).status, hold_of(order).status) == ("delivered", "frozen")
    bank(order, "chargeback_won")
    wait(days=3)
    wait(days=3)
    assert fresh(order).status == "completed"


def test_a_case_waits_with_it_and_goes_on_when_it_is_won():
    order = delivered_order()
    case = open_case(order)
    bank(order, "chargeback")
    wait(days=30)
    assert Case.objects.get(pk=case.pk).status == "open"
    with pytest.raises(ChargebackOpen):
        aftersale.accept(case_id=case.pk, actor=merchant_of(order), now=clock.now())
    with pytest.raises(ChargebackOpen):
        aftersale.withdraw(case_id=case.pk, actor=buyer_of(order), now=clock.now())
    bank(order, "chargeback_won")
    assert (hold_of(order).status, fresh(order).in_case) == ("frozen", True)
    aftersale.accept(case_id=case.pk, actor=merchant_of(order), now=clock.now())
    assert fresh(order).status == "refunded"


def test_a_case_ends_with_a_dispute_that_is_lost():
    order = delivered_order()
    case = open_case(order)
    bank(order, "chargeback")
    bank(order, "chargeback_lost")
    assert Case.objects.get(pk=case.pk).closed_at is not None
    assert (fresh(order).in_case, fresh(order).status) == (False, "refunded")
    assert not Deadline.objects.filter(subject=str(case.pk), done_at__isnull=True).exists()


def test_no_case_is_opened_while_it_is_open():
    order = delivered_order()
    bank(order, "chargeback")
    with pytest.raises(ChargebackOpen):
        open_case(order)


def test_after_the_release_the_order_stays_completed():
    order = completed()
    bank(order, "chargeback")
    hold = hold_of(order)
    assert (fresh(order).status, hold.returned_minor) == ("completed", order.total_minor)
    bank(order, "chargeback_lost")
    assert fresh(order).status == "completed"


def test_a_part_lets_the_rest_of_the_deal_go_on():
    order = paid_order()
    bank(order, "chargeback", minor=1_000)
    bank(order, "chargeback_lost")
    hold = hold_of(order)
    assert (hold.status, hold.refunded_minor, fresh(order).status) == ("held", 1_000, "paid")
    ship(fresh(order))


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_whichever_notice_comes_first_it_is_booked_once(outcome):
    """The end's notice overtakes the beginning's, and each comes again."""
    order = completed()
    bank(order, "chargeback", tell=False)
    bank(order, f"chargeback_{outcome}", tell=False)
    sandbox.book().faults.write([{"op": "notice", "mood": "reorder"}])
    deliver_notices()
    first, last = [event for event in sandbox.book().events if event.kind.startswith("dispute.")]
    told = [json.loads(bytes(raw))["id"] for raw in Inbox.objects.order_by("pk").values_list("raw_body", flat=True)]
    assert told[:2] == [last.id, first.id]
    Inbox.objects.update(processed_at=None)
    first.is_done = last.is_done = False
    deliver_notices()
    assert Chargeback.objects.get().status == outcome


def test_a_lost_notice_is_made_good_by_the_poll():
    order = completed()
    bank(order, "chargeback")
    bank(order, "chargeback_won", tell=False)
    sandbox.book().faults.write([{"op": "notice", "mood": "lose"}])
    deliver_notices()
    assert Chargeback.objects.get().status == "open"
    wait(hours=25)
    assert Chargeback.objects.get().status == "won"
    assert not Deadline.objects.filter(kind="chargeback.poll", done_at__isnull=True).exists()


def test_the_poll_asks_again_as_long_as_it_is_open():
    order = completed()
    bank(order, "chargeback")
    wait(days=1, hours=1)
    row = Deadline.objects.get(kind="chargeback.poll", done_at__isnull=True)
    assert row.due_at > clock.now()
    assert "chargeback.poll" in deadlines.kinds()


def test_an_unknown_dispute_changes_nothing():
    from escrow.gateways.base import Refused

    with pytest.raises(Refused):
        chargebacks.dispute_changed(gateway="sandbox", ref="DPNONE", now=clock.now())
    assert not Chargeback.objects.exists()


def test_the_bank_plays_it_on_its_page(client, settings):
    order = paid_order()
    client.cookies["django_language"] = "en"
    url = reverse("sandbox:pay", args=[order.payment_id])
    page = client.get(url).content.decode()
    assert 'value="chargeback"' in page
    said = client.post(url, {"outcome": "chargeback"}, headers={"accept": "application/json"}).json()
    assert said["disputes"][0]["status"] == "open"
    deliver_notices()
    assert Chargeback.objects.get().amount_minor == order.total_minor
    assert "open" in client.get(url).content.decode()
    staff = MediatorFactory()
    client.force_login(staff)
    assert said["disputes"][0]["ref"] in client.get(reverse("console:chargebacks")).content.decode()
    assert said["disputes"][0]["ref"] in client.get(reverse("console:order", args=[order.number])).content.decode()
