"""Cases: freezing, agreement, silence and rulings, to the minor unit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock
from core.errors import NotFound
from core.money import Money
from disputes.states import CaseStatus, Party, Remedy
from escrow.queries import hold_of
from escrow.states import HoldStatus
from flows import aftersale, release
from flows.errors import CaseIsOpen
from logistics.states import EvidenceGrade, ShipmentStatus
from shop.states import OrderStatus
from tests import stories
from tests.factories.accounts import MediatorFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.money]


def test_a_case_freezes_the_money_and_stops_the_clock():
    order = stories.delivered_order()
    case = stories.open_case(order)
    assert hold_of(order.pk).status == HoldStatus.FROZEN
    with pytest.raises(CaseIsOpen):
        release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    aftersale.refuse(case_id=case.pk, text="It is as described.", actor=stories.merchant_of(order), now=clock.now())
    aftersale.escalate(case_id=case.pk, text="", actor=stories.buyer_of(order), now=clock.now())
    stories.wait(days=40)
    assert stories.fresh(order).status == OrderStatus.DELIVERED
    assert hold_of(order.pk).rest == order.total


def test_a_claim_opened_after_the_release_date_wins_while_the_money_is_held():
    order = stories.delivered_order()
    clock.advance_sandbox(timedelta(days=30))
    stories.open_case(order)
    stories.settle()
    assert hold_of(order.pk).status == HoldStatus.FROZEN


def test_the_merchants_silence_accepts_the_claim():
    order = stories.delivered_order()
    case = stories.open_case(order, want=Remedy.PARTIAL, amount=Money(order.total_minor // 3))
    stories.wait(hours=121)
    case.refresh_from_db()
    assert case.status == CaseStatus.AGREED
    hold = hold_of(order.pk)
    assert hold.refunded_minor == order.total_minor // 3
    assert hold.released_minor == order.total_minor - order.total_minor // 3
    assert hold.status == HoldStatus.SPLIT


def test_the_buyers_silence_ends_the_claim_and_the_clock_runs_on():
    order = stories.delivered_order()
    case = stories.open_case(order)
    aftersale.refuse(case_id=case.pk, text="No.", actor=stories.merchant_of(order), now=clock.now())
    stories.wait(days=8)
    case.refresh_from_db()
    assert case.status == CaseStatus.WITHDRAWN
    assert hold_of(order.pk).status == HoldStatus.HELD
    stories.wait(days=12)
    stories.wait(days=2)
    assert stories.fresh(order).status == OrderStatus.COMPLETED


def test_an_accepted_offer_is_carried_out():
    order = stories.delivered_order()
    case = stories.open_case(order)
    aftersale.offer(
        case_id=case.pk, remedy=Remedy.PARTIAL, amount=Money(3_000), text="Keep it for less.",
        actor=stories.merchant_of(order), now=clock.now(),
    )  # fmt: skip
    aftersale.accept(case_id=case.pk, actor=stories.buyer_of(order), now=clock.now())
    assert hold_of(order.pk).refunded_minor == 3_000
    assert stories.fresh(order).status == OrderStatus.COMPLETED


def test_nobody_accepts_his_own_offer():
    order = stories.delivered_order()
    case = stories.open_case(order)
    aftersale.offer(
        case_id=case.pk, remedy=Remedy.PARTIAL, amount=Money(3_000), text="", actor=stories.merchant_of(order),
        now=clock.now(),
    )  # fmt: skip
    with pytest.raises(aftersale.NotYourTurn):
        aftersale.accept(case_id=case.pk, actor=stories.merchant_of(order), now=clock.now())


def test_goods_go_back_before_the_money_does():
    order = stories.delivered_order()
    case = stories.open_case(order, want=Remedy.RETURN)
    aftersale.accept(case_id=case.pk, actor=stories.merchant_of(order), now=clock.now())
    assert hold_of(order.pk).rest == order.total
    stories.sandbox_carrier(order.store_id)
    aftersale.send_back(
        case_id=case.pk, carrier_code="sandbox", number="TSBACK0001", actor=stories.buyer_of(order), now=clock.now()
    )
    aftersale.goods_back(case_id=case.pk, actor=stories.merchant_of(order), now=clock.now())
    assert stories.fresh(order).status == OrderStatus.REFUNDED
    assert hold_of(order.pk).refunded_minor == order.total_minor


def test_a_replacement_starts_delivery_anew():
    order = stories.delivered_order()
    case = stories.open_case(order, want=Remedy.RESEND)
    aftersale.accept(case_id=case.pk, actor=stories.merchant_of(order), now=clock.now())
    shipment = aftersale.resend(
        case_id=case.pk, carrier_code="sandbox", number="TSAGAIN001", actor=stories.merchant_of(order), now=clock.now()
    )
    assert stories.fresh(order).status == OrderStatus.SHIPPED
    assert hold_of(order.pk).status == HoldStatus.HELD
    stories.scan(shipment, ShipmentStatus.DELIVERED, grade=EvidenceGrade.B)
    release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    assert stories.fresh(order).status == OrderStatus.COMPLETED


def test_a_ruling_splits_to_the_minor_unit():
    order = stories.delivered_order()
    case = stories.open_case(order)
    aftersale.escalate(case_id=case.pk, text="", actor=stories.merchant_of(order), now=clock.now())
    mediator = stories.actor_of(MediatorFactory())
    refund = order.total_minor * 37 // 100
    aftersale.rule(
        case_id=case.pk, refund_minor=refund, fault=Party.MERCHANT, article="3.2",
        reasons="The seam is open as the photos show; it can still be used.", actor=mediator, now=clock.now(),
    )  # fmt: skip
    hold = hold_of(order.pk)
    assert (hold.refunded_minor, hold.released_minor) == (refund, order.total_minor - refund)
    assert stories.fresh(order).in_case is False


@pytest.mark.parametrize("refund", [-1, 10**9])
def test_a_ruling_cannot_give_more_than_is_held(refund):
    order = stories.delivered_order()
    case = stories.open_case(order)
    aftersale.escalate(case_id=case.pk, text="", actor=stories.merchant_of(order), now=clock.now())
    with pytest.raises(aftersale.AmountTooHigh):
        aftersale.rule(
            case_id=case.pk, refund_minor=refund, fault=Party.MERCHANT, article="3.2", reasons="x" * 30,
            actor=stories.actor_of(MediatorFactory()), now=clock.now(),
        )  # fmt: skip


def test_parties_and_strangers_cannot_rule():
    order = stories.delivered_order()
    case = stories.open_case(order)
    aftersale.escalate(case_id=case.pk, text="", actor=stories.merchant_of(order), now=clock.now())
    for actor in (stories.buyer_of(order), stories.merchant_of(order), stories.actor_of(UserFactory())):
        with pytest.raises(NotFound):
            aftersale.rule(
                case_id=case.pk, refund_minor=1, fault=Party.MERCHANT, article="3.2", reasons="x" * 30, actor=actor,
                now=clock.now(),
            )  # fmt: skip


def test_a_second_case_cannot_be_opened_beside_the_first():
    order = stories.delivered_order()
    stories.open_case(order)
    with pytest.raises(CaseIsOpen):
        stories.open_case(order)


def test_more_than_is_held_cannot_be_claimed():
    order = stories.delivered_order()
    with pytest.raises(aftersale.AmountTooHigh):
        stories.open_case(order, want=Remedy.PARTIAL, amount=Money(order.total_minor + 1))
    assert hold_of(order.pk).status == HoldStatus.HELD


def test_parties_can_still_agree_on_a_return_while_the_platform_decides():
    order = stories.delivered_order()
    case = stories.open_case(order)
    aftersale.escalate(case_id=case.pk, text="", actor=stories.merchant_of(order), now=clock.now())
    aftersale.offer(
        case_id=case.pk, remedy=Remedy.RETURN, amount=None, text="", actor=stories.merchant_of(order), now=clock.now()
    )
    aftersale.accept(case_id=case.pk, actor=stories.buyer_of(order), now=clock.now())
    case.refresh_from_db()
    assert case.status == CaseStatus.RETURN_DUE


def test_a_mediator_rules_and_does_not_bargain():
    order = stories.delivered_order()
    case = stories.open_case(order)
    mediator = stories.actor_of(MediatorFactory())
    for act in (aftersale.accept, aftersale.withdraw):
        with pytest.raises(aftersale.NotYourTurn):
            act(case_id=case.pk, actor=mediator, now=clock.now())
    with pytest.raises(aftersale.NotYourTurn):
        aftersale.escalate(case_id=case.pk, text="", actor=mediator, now=clock.now())


def test_what_was_not_read_cannot_be_agreed_to():
    order = stories.delivered_order()
    case = stories.open_case(order)

    def offer(minor):
        return aftersale.offer(
            case_id=case.pk, remedy=Remedy.PARTIAL, amount=Money(minor), text="", actor=stories.merchant_of(order),
            now=clock.now(),
        )  # fmt: skip

    read, swapped = offer(3_000), offer(1)
    buyer = stories.buyer_of(order)
    with pytest.raises(aftersale.OfferChanged):
        aftersale.accept(case_id=case.pk, actor=buyer, now=clock.now(), terms=str(read.pk))
    assert hold_of(order.pk).rest == order.total
    aftersale.accept(case_id=case.pk, actor=buyer, now=clock.now(), terms=str(swapped.pk))
    assert hold_of(order.pk).refunded_minor == 1


def test_claims_cannot_be_opened_and_taken_back_for_ever():
    order = stories.delivered_order()
    for _ in range(2):
        case = stories.open_case(order)
        aftersale.withdraw(case_id=case.pk, actor=stories.buyer_of(order), now=clock.now())
    with pytest.raises(aftersale.TooManyClaims):
        stories.open_case(order)


def test_a_replacement_that_nobody_scans_is_refunded_by_itself():
    order = stories.delivered_order()
    case = stories.open_case(order, want=Remedy.RESEND)
    aftersale.accept(case_id=case.pk, actor=stories.merchant_of(order), now=clock.now())
    aftersale.resend(
        case_id=case.pk, carrier_code="sandbox", number="TSNEVER001", actor=stories.merchant_of(order), now=clock.now()
    )
    stories.wait(days=8)
    assert stories.fresh(order).status == OrderStatus.REFUNDED


def test_another_mediators_case_is_not_ruled():
    order = stories.delivered_order()
    case = stories.open_case(order)
    aftersale.escalate(case_id=case.pk, text="", actor=stories.merchant_of(order), now=clock.now())
    one, two = (stories.actor_of(MediatorFactory()) for _ in range(2))
    aftersale.cases.take(case_id=case.pk, actor=one, now=clock.now())
    with pytest.raises(aftersale.AlreadyTaken):
        aftersale.rule(
            case_id=case.pk, refund_minor=1, fault=Party.MERCHANT, article="3.2", reasons="x" * 30, actor=two,
            now=clock.now(),
        )  # fmt: skip
