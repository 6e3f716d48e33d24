"""
The whole deal over HTTP, seven ways; after each the books balance and every amount is the exact one.

105.73 is paid (99.73 and 6.00 shipping). The fee is 5 %, rounded half to even: 5.29, so the merchant gets 100.44.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from tests.accounts.letters import code_to
from tests.factories.accounts import PASSWORD
from tests.journeys.deal import Deal
from tests.journeys.forms import form_to

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.money]
PAID, FEE, NET = 10_573, 529, 10_044


def paid_out_in_full(deal: Deal) -> None:
    """The merchant's share lies in his bank, the fee with the platform, nothing in between."""
    deal.wait(25)
    assert deal.at_the_bank() == {"in": PAID, "back": 0, "out": NET}
    assert deal.books() == {"provider": -FEE, "fees": FEE}
    assert deal.told_once(deal.merchant, "escrow.payout_done")


def refunded_in_full(deal: Deal) -> None:
    assert deal.refunds() == [(PAID, "done")]
    assert deal.at_the_bank() == {"in": PAID, "back": PAID, "out": 0}
    assert deal.books() == {}
    assert "105.73" in deal.told_once(deal.buyer, "escrow.refund_done")


def test_the_buyer_confirms():
    deal = Deal().delivered()
    assert deal.books() == {"provider": -PAID, "escrow": PAID}
    assert "105.73" in deal.told_once(deal.buyer, "escrow.held")
    assert "105.73" in deal.told_once(deal.merchant, "escrow.held")
    deal.buyer.submit(deal.at("shop:order-confirm"))
    assert (deal.order.status, deal.hold.released_minor, deal.hold.fee_taken_minor) == ("completed", PAID, FEE)
    assert deal.books() == {"provider": -PAID, "merchant": NET, "fees": FEE}
    deal.work()
    assert "100.44" in deal.told_once(deal.merchant, "escrow.released")
    paid_out_in_full(deal)


def test_the_money_is_released_by_itself_after_two_warnings():
    deal = Deal().delivered()
    warnings = []
    for _day in range(15):
        if deal.order.status != "delivered":
            break
        warnings = deal.buyer.told("escrow.release_soon")
        deal.wait(24)
    assert deal.order.status == "completed"
    assert len(warnings) == 2, "48 and 24 hours before, and never released in the same breath as warned"
    assert deal.order.closed_at - warnings[-1].created_at >= timedelta(hours=24)
    assert deal.hold.released_minor == PAID
    paid_out_in_full(deal)


def test_never_shipped_is_refunded_by_itself():
    deal = Deal().bought()
    deal.wait(49)
    assert deal.told_once(deal.merchant, "order.ship_late")
    assert deal.told_once(deal.buyer, "order.ship_late")
    assert deal.order.status == "paid"
    deal.wait(24 * 5)
    assert deal.order.status == "refunded"
    assert deal.product.variants.get().stock == 10
    assert deal.told_once(deal.merchant, "order.refunded")
    refunded_in_full(deal)


def test_a_refused_payment_costs_nothing_and_may_be_tried_again():
    deal = Deal()
    deal.check_out()
    deal.pay("declined")
    deal.work()
    assert (deal.order.status, deal.payment.status) == ("pending", "open")
    assert deal.books() == {}
    assert not deal.buyer.told("escrow.held")
    deal.buyer.open(reverse("shop:payment", args=[deal.payment.pk]))
    deal.pay("paid")
    deal.work()
    assert (deal.order.status, deal.hold.status) == ("paid", "held")
    assert deal.books() == {"provider": -PAID, "escrow": PAID}
    assert deal.told_once(deal.buyer, "escrow.held")


def test_a_wrong_amount_is_kept_apart_and_goes_back():
    deal = Deal()
    deal.check_out()
    deal.pay("wrong_amount", amount_minor=10_500)
    deal.work()
    assert (deal.order.status, deal.payment.status) == ("pending", "open")
    assert deal.books() == {"provider": -10_500, "suspense": 10_500}
    assert "105.00" in deal.told_once(deal.buyer, "escrow.receipt_parked")
    assert not deal.merchant.told("escrow.held")
    assert "105.00" in deal.mediator.open(reverse("console:payments"))
    deal.wait(1)
    assert deal.order.status == "cancelled"
    assert deal.product.variants.get().stock == 10
    deal.wait(24)
    assert deal.at_the_bank() == {"in": 10_500, "back": 10_500, "out": 0}
    assert deal.books() == {}


def claim(deal: Deal) -> None:
    """The buyer's wizard: the goods are not what was promised, the whole money back."""
    form = {"ground": "not_as_described", "remedy": "refund", "text": "Two of the tins are dented."}
    answer = deal.buyer.submit(deal.at("disputes:case-new"), having="ground", **form)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    deal.work()
    assert (deal.hold.status, deal.order.in_case) == ("frozen", True)
    deal.told_once(deal.merchant, "disputes.opened")


def test_a_refund_is_agreed():
    deal = Deal().delivered()
    claim(deal)
    deal.merchant.submit(deal.case_at("merchant:case"), deal.case_at("disputes:case-accept"))
    deal.work()
    assert (deal.order.status, deal.order.cases.get().status) == ("refunded", "agreed")
    refunded_in_full(deal)


def test_a_ruling_of_37_to_63_percent():
    """37 % of 105.73 is 39.12; of the other 66.61 the fee is 3.33, and 63.28 goes to the merchant."""
    deal = Deal().delivered()
    claim(deal)
    words = {"refuse-text": "They were whole when they left us."}
    deal.merchant.submit(deal.case_at("merchant:case"), deal.case_at("disputes:case-refuse"), **words)
    deal.work()
    deal.buyer.submit(deal.case_at("disputes:case"), deal.case_at("disputes:case-escalate"))
    deal.work()
    deal.mediator.submit(deal.case_at("console:case"), deal.case_at("console:case-take"))
    ruling = {
        "refund": "39.12", "release": "66.61", "fault": "merchant", "article": "3.2",
        "reasons": "The pictures show the dents; the packing could not have kept them out. Part of the goods is fine.",
    }  # fmt: skip
    page = deal.case_at("console:rule")
    preview = deal.mediator.submit(page, having="refund", step="preview", **ruling)
    assert "63.28" in preview.content.decode()
    assert deal.hold.status == "frozen", "a preview moves nothing"
    sign = form_to(preview.content.decode(), page, page=page, having="step")
    asked = deal.mediator.client.post(page, sign.filled({"step": "sign"}))
    assert asked.status_code == 403 and deal.hold.status == "frozen", "it asks who is there"
    question = form_to(asked.content.decode(), page, page=page, having="step_up_code")
    given = {"step_up_code": code_to(deal.mediator.user.phone), "step_up_password": PASSWORD}
    answer = deal.mediator.client.post(page, question.filled(given))
    assert answer.status_code == 302, answer.content.decode()[:3000]
    hold = deal.hold
    assert (hold.refunded_minor, hold.released_minor, hold.fee_taken_minor) == (3_912, 6_661, 333)
    deal.work()
    deal.wait(25)
    assert deal.refunds() == [(3_912, "done")]
    assert deal.at_the_bank() == {"in": PAID, "back": 3_912, "out": 6_328}
    assert deal.books() == {"provider": -333, "fees": 333}
    assert "39.12" in deal.told_once(deal.buyer, "disputes.ruled")
    assert "66.61" in deal.told_once(deal.merchant, "disputes.ruled")
    assert "63.28" in deal.told_once(deal.merchant, "escrow.payout_done")
