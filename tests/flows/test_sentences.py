"""The money sentence: every state has one for buyer, merchant and staff, true for who reads it."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import translation

from core import clock
from core.money import Money
from disputes.states import CaseStatus, Party, Remedy
from escrow.queries import hold_of
from flows import aftersale, cancellation, release
from flows.deal import deal
from flows.facts import BUYER, MERCHANT, STAFF
from logistics.states import ShipmentStatus
from tests import stories
from tests.factories.accounts import MediatorFactory

pytestmark = [pytest.mark.django_db, pytest.mark.money]


def said(order, viewer):
    with translation.override("en"):
        return deal(order_id=order.pk, viewer=viewer, now=clock.now()).sentence


def late():
    order = stories.paid_order()
    stories.wait(hours=50)
    return order


def packed():
    order = stories.paid_order()
    stories.ship(order)
    return order


def packed_late():
    order = packed()
    stories.wait(hours=50)
    return order


def completed():
    order = stories.delivered_order()
    release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    return order


def refunded():
    order = late()
    cancellation.cancel(order_id=order.pk, reason="", actor=stories.buyer_of(order), now=clock.now())
    return order


def cancelled():
    order = stories.placed_order()
    cancellation.cancel(order_id=order.pk, reason="", actor=stories.buyer_of(order), now=clock.now())
    return order


def ruled():
    case = stories.open_case(stories.delivered_order())
    order = case.order
    aftersale.escalate(case_id=case.pk, text="", actor=stories.merchant_of(order), now=clock.now())
    aftersale.rule(
        case_id=case.pk, refund_minor=1_000, fault=Party.MERCHANT, article="3.2", reasons="x" * 30,
        actor=stories.actor_of(MediatorFactory()), now=clock.now(),
    )  # fmt: skip
    return order


def opened(want=Remedy.REFUND):
    return stories.open_case(stories.delivered_order(), want=want).order


def offered():
    case = stories.open_case(stories.delivered_order())
    aftersale.offer(
        case_id=case.pk, remedy=Remedy.PARTIAL, amount=Money(500), text="", actor=stories.merchant_of(case.order),
        now=clock.now(),
    )  # fmt: skip
    return case.order


def refused(order=None):
    case = stories.open_case(order or stories.delivered_order())
    aftersale.refuse(case_id=case.pk, text="No.", actor=stories.merchant_of(case.order), now=clock.now())
    return case.order


def due(want):
    case = stories.open_case(stories.delivered_order(), want=want)
    aftersale.accept(case_id=case.pk, actor=stories.merchant_of(case.order), now=clock.now())
    return case.order


def mediation():
    case = stories.open_case(stories.delivered_order())
    aftersale.escalate(case_id=case.pk, text="", actor=stories.merchant_of(case.order), now=clock.now())
    return case.order


STATES = {
    "placed": stories.placed_order, "paid": stories.paid_order, "late": late, "packed": packed,
    "packed late": packed_late, "shipped": stories.shipped_order, "delivered": stories.delivered_order,
    "completed": completed, "refunded": refunded, "cancelled": cancelled, "ruled": ruled, "opened": opened,
    "opened for goods": lambda: opened(Remedy.RESEND), "offered": offered, "refused": refused,
    "return due": lambda: due(Remedy.RETURN), "resend due": lambda: due(Remedy.RESEND), "mediation": mediation,
}  # fmt: skip
NO_MONEY = {"placed", "cancelled"}


@pytest.mark.parametrize("state", STATES)
def test_each_reader_is_spoken_to_in_his_own_words(state):
    order = stories.fresh(STATES[state]())
    words = {viewer: said(order, viewer).text for viewer in (BUYER, MERCHANT, STAFF)}
    assert "%(" not in "".join(words.values())
    plain = words[STAFF].lower().replace("'", " ").replace(",", " ").replace(".", " ").replace(":", " ").split()
    assert not {"you", "your"} & set(plain), words[STAFF]
    if state not in NO_MONEY:
        for viewer, text in words.items():
            assert "¥" in text, (viewer, text)


def test_a_ruled_case_is_not_read_to_the_mediator_as_the_merchants(client):
    order = ruled()
    client.force_login(MediatorFactory())
    page = client.get(reverse("console:case", args=[order.cases.get().number]), headers={"accept-language": "en"}).text
    hold = hold_of(order.pk)
    assert "you received" not in page
    assert f"the merchant received {Money(hold.released_minor - hold.fee_taken_minor)} after a fee" in page


@pytest.mark.parametrize("reach", [offered, refused, lambda: due(Remedy.RETURN)])
def test_silence_that_ends_a_case_says_where_the_money_then_goes(reach):
    order = stories.fresh(reach())
    assert f"{order.total} then goes on its way to the merchant" in said(order, BUYER).text
    assert f"{order.total} less the fee then goes on its way to you" in said(order, MERCHANT).text
    assert f"{order.total} less the fee then goes on its way to the merchant" in said(order, STAFF).text


def test_before_the_delivery_it_stays_where_it_is():
    order = stories.fresh(refused(stories.shipped_order()))
    for viewer in (BUYER, MERCHANT, STAFF):
        assert f"{order.total} then stays held as before the case" in said(order, viewer).text
    turned = stories.delivered_order()
    stories.scan(turned.shipments.get(), ShipmentStatus.RETURNED)
    turned = stories.fresh(refused(stories.fresh(turned)))
    assert "stays held as before the case" in said(turned, BUYER).text


def test_the_room_says_the_same_beneath(client):
    order = refused()
    client.force_login(order.buyer)
    page = client.get(reverse("disputes:case", args=[order.cases.get().number]), headers={"accept-language": "en"}).text
    assert "the order goes on as before" not in page
    assert page.count("goes on its way to the merchant") >= 2
    assert order.cases.get().status == CaseStatus.REFUSED
