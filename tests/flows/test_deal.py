"""The whole deal, step by step, with the money counted after each."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock
from core.errors import IllegalTransition, NotFound
from core.money import Money
from disputes.states import CaseStatus, Party, Remedy
from escrow.models import Hold, Payout, Receipt, Refund
from escrow.queries import books, hold_of, merchant_money
from escrow.services.payouts import set_payout_account
from escrow.states import HoldStatus, PaymentStatus
from flows import aftersale, cancellation, purchase, release
from flows.errors import AlreadyClosed, CaseIsOpen, ExtendedBefore, NotOverdue, NotShippedYet, TotalChanged
from logistics.states import EvidenceGrade, ShipmentStatus
from shop.errors import OutOfStock
from shop.models import Order, Variant
from shop.states import OrderStatus
from tests import stories
from tests.factories.accounts import AddressFactory, MediatorFactory, UserFactory
from tests.factories.shop import ProductFactory
from tests.sandbox import at_bank, pay_at_bank

pytestmark = [pytest.mark.django_db, pytest.mark.money]


@pytest.fixture(autouse=True)
def books_balance():
    """After every test, whatever happened in it, the books balance."""
    yield
    state = books()
    assert state.discrepancies == [], state.discrepancies


def fresh(order: Order) -> Order:
    return Order.objects.select_related("store").get(pk=order.pk)


def test_a_placed_order_reserves_stock_and_waits_for_its_payment():
    variant = ProductFactory(stock=3).variants.get()
    order = stories.placed_order(variant=variant, quantity=2)
    assert order.status == OrderStatus.PENDING
    assert Variant.objects.get(pk=variant.pk).stock == 1
    assert order.total == order.payment.amount
    assert hold_of(order.pk) is None


def test_a_total_the_buyer_did_not_see_is_not_charged():
    buyer = UserFactory()
    variant = ProductFactory().variants.get()
    cart = stories.fill_cart(buyer, variant)
    address = AddressFactory(user=buyer)
    Variant.objects.filter(pk=variant.pk).update(price_minor=99_900)
    with pytest.raises(TotalChanged):
        purchase.place(
            buyer_id=buyer.pk, cart_id=cart.pk, line_ids=None, address_id=address.pk, note="",
            seen_total_minor=variant.price_minor, actor=stories.actor_of(buyer), now=clock.now(),
        )  # fmt: skip
    assert not Order.objects.exists()


def test_a_strangers_address_cannot_be_used():
    buyer = UserFactory()
    variant = ProductFactory().variants.get()
    cart = stories.fill_cart(buyer, variant)
    with pytest.raises(NotFound):
        purchase.place(
            buyer_id=buyer.pk, cart_id=cart.pk, line_ids=None, address_id=AddressFactory().pk, note="",
            seen_total_minor=variant.price_minor, actor=stories.actor_of(buyer), now=clock.now(),
        )  # fmt: skip


def test_paid_money_is_held_for_the_order_not_given_to_the_merchant():
    order = stories.paid_order()
    assert order.status == OrderStatus.PAID
    hold = hold_of(order.pk)
    assert (hold.status, hold.rest) == (HoldStatus.HELD, order.total)
    money = merchant_money(order.store_id, clock.now())
    assert (money.held, money.available) == (order.total, Money(0))


def test_asking_the_bank_again_changes_nothing():
    order = stories.paid_order()
    for _ in range(3):
        purchase.settle_payment(payment_id=order.payment_id, now=clock.now())
    assert Hold.objects.count() == Receipt.objects.count() == 1


@pytest.mark.parametrize("outcome", ["wrong_amount", "wrong_currency"])
def test_wrong_money_is_parked_then_returned_and_the_order_stays_unpaid(outcome):
    order = stories.placed_order()
    pay_at_bank(order.payment_id, outcome)
    assert fresh(order).status == OrderStatus.PENDING
    assert Receipt.objects.get().outcome == "parked"
    stories.wait(hours=25)
    assert Receipt.objects.get().outcome == "returned"
    assert Refund.objects.get().status == "done"


def test_the_right_amount_after_a_wrong_one_still_pays():
    order = stories.placed_order()
    pay_at_bank(order.payment_id, "wrong_amount", minor=1)
    pay_at_bank(order.payment_id, "paid")
    assert fresh(order).status == OrderStatus.PAID
    assert Receipt.objects.filter(outcome="applied").count() == 1


def test_money_that_comes_after_the_order_was_cancelled_goes_back():
    variant = ProductFactory(stock=1).variants.get()
    order = stories.placed_order(variant=variant)
    at_bank(order.payment_id, "late")
    stories.wait(minutes=31)
    assert fresh(order).status == OrderStatus.CANCELLED
    assert Variant.objects.get(pk=variant.pk).stock == 1
    stories.wait(minutes=5)
    assert Refund.objects.get().status == "done"
    assert not Hold.objects.exists()


def test_money_that_comes_twice_goes_back_once():
    order = stories.placed_order()
    pay_at_bank(order.payment_id, "paid_twice")
    stories.settle()
    assert fresh(order).status == OrderStatus.PAID
    assert Refund.objects.get().amount == order.total
    assert hold_of(order.pk).rest == order.total


def test_unpaid_orders_expire_and_return_their_stock():
    variant = ProductFactory(stock=1).variants.get()
    order = stories.placed_order(variant=variant)
    stories.wait(minutes=31)
    assert fresh(order).status == OrderStatus.CANCELLED
    assert order.payment.__class__.objects.get(pk=order.payment_id).status == PaymentStatus.CLOSED
    assert Variant.objects.get(pk=variant.pk).stock == 1


def test_a_lost_notice_is_found_by_asking():
    order = stories.placed_order()
    at_bank(order.payment_id, "paid")
    stories.wait(minutes=6)
    assert fresh(order).status == OrderStatus.PAID


def test_paid_while_expiring_is_paid():
    order = stories.placed_order()
    at_bank(order.payment_id, "paid")
    stories.wait(minutes=31)
    assert fresh(order).status == OrderStatus.PAID


def test_the_first_scan_ships_not_the_click():
    order = stories.paid_order()
    shipment = stories.ship(order)
    order = fresh(order)
    assert (order.status, order.shipped_at) == (OrderStatus.SHIPPED, None)
    stories.scan(shipment, ShipmentStatus.PICKED_UP)
    assert fresh(order).shipped_at is not None


def test_a_number_nobody_scans_buys_the_merchant_no_time():
    order = stories.paid_order()
    stories.ship(order)
    with pytest.raises(NotOverdue):
        cancellation.cancel(order_id=order.pk, reason="", actor=stories.buyer_of(order), now=clock.now())
    stories.wait(hours=49)
    cancellation.cancel(order_id=order.pk, reason="", actor=stories.buyer_of(order), now=clock.now())
    assert fresh(order).status == OrderStatus.REFUNDED


def test_never_shipped_is_refunded_by_itself():
    variant = ProductFactory(stock=1).variants.get()
    order = stories.paid_order(variant=variant)
    stories.wait(hours=169)
    assert fresh(order).status == OrderStatus.REFUNDED
    assert Refund.objects.get().amount == order.total
    assert Refund.objects.get().status == "done"
    assert Variant.objects.get(pk=variant.pk).stock == 1


def test_confirming_pays_the_merchant_less_the_fee():
    order = stories.delivered_order()
    release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    hold = hold_of(order.pk)
    assert hold.status == HoldStatus.RELEASED
    assert hold.fee_taken_minor == round(order.total_minor * 500 / 10_000)
    assert merchant_money(order.store_id, clock.now()).available.minor == order.total_minor - hold.fee_taken_minor


def test_confirming_twice_pays_once():
    order = stories.delivered_order()
    release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    with pytest.raises(AlreadyClosed):
        release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())


@pytest.mark.parametrize("who", ["merchant", "stranger"])
def test_only_the_buyer_can_confirm(who):
    order = stories.delivered_order()
    actor = stories.merchant_of(order) if who == "merchant" else stories.actor_of(UserFactory())
    with pytest.raises(NotFound):
        release.confirm_receipt(order_id=order.pk, actor=actor, now=clock.now())
    assert hold_of(order.pk).rest == order.total


def test_nothing_can_be_confirmed_before_it_was_shipped():
    order = stories.paid_order()
    with pytest.raises(NotShippedYet):
        release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())


def test_silence_releases_after_the_warnings():
    order = stories.delivered_order()
    stories.wait(days=8)
    assert fresh(order).status == OrderStatus.DELIVERED  # never before ten days after the first scan
    stories.wait(days=1)
    assert hold_of(order.pk).warned_at is not None
    stories.wait(days=1, hours=1)
    assert fresh(order).status == OrderStatus.COMPLETED
    assert hold_of(order.pk).status == HoldStatus.RELEASED


def test_after_an_outage_of_weeks_the_warning_still_comes_first():
    order = stories.delivered_order()
    stories.wait(days=30)
    assert fresh(order).status == OrderStatus.DELIVERED
    assert hold_of(order.pk).warned_at is not None
    stories.wait(hours=23)
    assert fresh(order).status == OrderStatus.DELIVERED
    stories.wait(hours=2)
    assert fresh(order).status == OrderStatus.COMPLETED


def test_extending_moves_the_release_once():
    order = stories.delivered_order()
    before = release.Deadline.objects.get(kind="escrow.release", subject=str(order.pk)).due_at
    end = release.extend_inspection(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    assert end - before == timedelta(hours=72)
    with pytest.raises(ExtendedBefore):
        release.extend_inspection(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())


def test_a_weak_proof_gives_more_time():
    strong, weak = stories.delivered_order(), stories.delivered_order(grade=EvidenceGrade.D)
    ends = [
        release.Deadline.objects.get(kind="escrow.release", subject=str(order.pk)).due_at for order in (strong, weak)
    ]
    assert ends[1] >= ends[0]


def test_a_parcel_in_a_locker_holds_the_money():
    order = stories.shipped_order()
    stories.scan(order.shipments.get(), ShipmentStatus.AWAITING_COLLECTION, pickup_place="Locker 7")
    stories.wait(days=20)
    assert fresh(order).status == OrderStatus.SHIPPED
    assert hold_of(order.pk).rest == order.total


def test_released_money_is_at_the_bank_within_a_day():
    order = stories.delivered_order()
    set_payout_account(
        store_id=order.store_id, bank="ICBC", holder="Lin", number="6222020200112233445",
        actor=stories.merchant_of(order), now=clock.now(),
    )  # fmt: skip
    release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    stories.settle()
    stories.wait(hours=2)
    payout = Payout.objects.get()
    assert payout.status == "paid"
    assert payout.amount_minor == hold_of(order.pk).released_minor - hold_of(order.pk).fee_taken_minor
    assert merchant_money(order.store_id, clock.now()).total == Money(0)


def test_a_case_freezes_the_money_and_stops_the_clock():
    order = stories.delivered_order()
    case = stories.open_case(order)
    assert hold_of(order.pk).status == HoldStatus.FROZEN
    with pytest.raises(CaseIsOpen):
        release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    aftersale.refuse(case_id=case.pk, text="It is as described.", actor=stories.merchant_of(order), now=clock.now())
    aftersale.escalate(case_id=case.pk, text="", actor=stories.buyer_of(order), now=clock.now())
    stories.wait(days=40)
    assert fresh(order).status == OrderStatus.DELIVERED
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
    assert fresh(order).status == OrderStatus.COMPLETED


def test_an_accepted_offer_is_carried_out():
    order = stories.delivered_order()
    case = stories.open_case(order)
    aftersale.offer(
        case_id=case.pk, remedy=Remedy.PARTIAL, amount=Money(3_000), text="Keep it for less.",
        actor=stories.merchant_of(order), now=clock.now(),
    )  # fmt: skip
    aftersale.accept(case_id=case.pk, actor=stories.buyer_of(order), now=clock.now())
    assert hold_of(order.pk).refunded_minor == 3_000
    assert fresh(order).status == OrderStatus.COMPLETED


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
    assert fresh(order).status == OrderStatus.REFUNDED
    assert hold_of(order.pk).refunded_minor == order.total_minor


def test_a_replacement_starts_delivery_anew():
    order = stories.delivered_order()
    case = stories.open_case(order, want=Remedy.RESEND)
    aftersale.accept(case_id=case.pk, actor=stories.merchant_of(order), now=clock.now())
    shipment = aftersale.resend(
        case_id=case.pk, carrier_code="sandbox", number="TSAGAIN001", actor=stories.merchant_of(order), now=clock.now()
    )
    assert fresh(order).status == OrderStatus.SHIPPED
    assert hold_of(order.pk).status == HoldStatus.HELD
    stories.scan(shipment, ShipmentStatus.DELIVERED, grade=EvidenceGrade.B)
    release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    assert fresh(order).status == OrderStatus.COMPLETED


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
    assert fresh(order).in_case is False


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


def test_one_checkout_of_two_stores_makes_two_holds_under_one_payment():
    buyer = UserFactory()
    variants = [ProductFactory(price_minor=price).variants.get() for price in (10_000, 25_050)]
    cart = stories.fill_cart(buyer, *variants)
    address = AddressFactory(user=buyer)
    payment = purchase.place(
        buyer_id=buyer.pk, cart_id=cart.pk, line_ids=None, address_id=address.pk, note="", seen_total_minor=35_050,
        actor=stories.actor_of(buyer), now=clock.now(),
    )  # fmt: skip
    pay_at_bank(payment.pk)
    assert sorted(Hold.objects.values_list("amount_minor", flat=True)) == [10_000, 25_050]


def test_the_last_piece_is_sold_once():
    variant = ProductFactory(stock=1).variants.get()
    stories.placed_order(variant=variant)
    with pytest.raises((OutOfStock, TotalChanged)):
        stories.placed_order(variant=variant)
    assert Order.objects.count() == 1


def test_a_paid_order_cannot_be_paid_for_again_by_moving_it():
    order = stories.paid_order()
    from shop.services import orders

    with pytest.raises(IllegalTransition):
        orders.move(order, OrderStatus.PENDING, actor=stories.buyer_of(order), reason="")
