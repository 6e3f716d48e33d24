"""A coupon through the deal: what it takes off, whom it refuses, and how often it really counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from core import clock
from core.errors import IllegalTransition, TooMany
from core.models import AuditEntry
from core.money import Money
from disputes.states import Remedy
from escrow.models import Hold, Payment, Refund
from escrow.services import payments
from flows import aftersale, cancellation, late_refunds, purchase, release
from flows.errors import TotalChanged
from shop.errors import CouponRefused, NoSuchCoupon
from shop.models import Coupon, CouponClaim, CouponUse, Order
from shop.queries import coupons as queries
from shop.queries.carts import checked
from shop.services import coupon_terms, coupons
from shop.states import CouponStatus, OrderStatus, UseStatus
from tests import stories
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.shop import CategoryFactory, CouponFactory, ProductFactory, StoreFactory
from tests.sandbox import act, pay_at_bank

pytestmark = [pytest.mark.django_db, pytest.mark.money]


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def count(coupon: Coupon) -> tuple[int, list[str]]:
    coupon.refresh_from_db()
    return coupon.used, list(coupon.uses.order_by("reserved_at").values_list("status", flat=True))


def variant_of(coupon: Coupon, **facts):
    return ProductFactory(store=coupon.store, **facts).variants.get()


def buy(
    coupon: Coupon, *, buyer=None, now=None, seen: int | None = None, code: str | None = None, variant=None
) -> Order:
    """Place an order with a code, whatever the pages would have said of it."""
    buyer, variant = buyer or UserFactory(), variant or variant_of(coupon)
    address, cart = AddressFactory(user=buyer), stories.fill_cart(buyer, variant)
    payment = purchase.place(
        buyer_id=buyer.pk, cart_id=cart.pk, line_ids=None, address_id=address.pk, note="",
        seen_total_minor=variant.price_minor - 1_000 if seen is None else seen, actor=stories.actor_of(buyer),
        now=now or clock.now(), coupon_codes={variant.product.store_id: coupon.code if code is None else code},
    )  # fmt: skip
    return Order.objects.select_related("store").get(payment=payment)


def test_the_order_costs_less_and_so_does_everything_after_it():
    coupon = CouponFactory()
    order = stories.placed_order(coupon=coupon, variant=variant_of(coupon), quantity=2)
    assert (order.items_minor, order.discount_minor, order.total_minor) == (25_600, 1_000, 24_600)
    assert (order.coupon_code, order.payment.amount_minor) == (coupon.code, 24_600)
    assert count(coupon) == (1, [UseStatus.RESERVED])
    pay_at_bank(order.payment_id)
    hold = Hold.objects.get(order=order)
    assert hold.amount_minor == 24_600
    assert count(coupon) == (1, [UseStatus.SPENT])
    assert AuditEntry.objects.get(act="order.placed").facts["discount_minor"] == 1_000


def test_the_fee_is_taken_of_what_was_paid():
    coupon = CouponFactory()
    order = stories.delivered_order(coupon=coupon, variant=variant_of(coupon))
    release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    hold = Hold.objects.get(order=order)
    assert (hold.released_minor, hold.fee_taken_minor) == (11_800, 590)


def test_the_discount_is_spread_over_the_lines_it_is_for():
    coupon = CouponFactory(off_minor=1_001)
    wanted = [variant_of(coupon, price_minor=price) for price in (3_333, 3_333, 3_334)]
    other = variant_of(coupon, price_minor=5_000)
    coupon.products.set([variant.product for variant in wanted])
    buyer = UserFactory()
    address, cart = AddressFactory(user=buyer), stories.fill_cart(buyer, *wanted, other)
    codes = {coupon.store_id: coupon.code}
    payment = purchase.place(
        buyer_id=buyer.pk, cart_id=cart.pk, line_ids=None, address_id=address.pk, note="", seen_total_minor=13_999,
        actor=stories.actor_of(buyer), now=clock.now(), coupon_codes=codes,
    )  # fmt: skip
    lines = Order.objects.get(payment=payment).lines
    assert sum(lines.values_list("discount_minor", flat=True)) == 1_001
    assert lines.get(variant=other).discount_minor == 0
    assert all(line.paid.minor == line.total_minor - line.discount_minor for line in lines.all())


@pytest.mark.parametrize(("off", "total"), [(12_799, 1), (12_800, 1), (99_999, 1), (1, 12_799)])
def test_at_least_one_fen_remains_to_be_paid(off, total):
    """Nothing cannot be held; a negative total there is none."""
    coupon = CouponFactory(off_minor=off)
    order = stories.placed_order(coupon=coupon, variant=variant_of(coupon))
    assert order.total_minor == total
    pay_at_bank(order.payment_id)
    assert Hold.objects.get(order=order).amount_minor == total


def test_the_database_refuses_a_total_that_does_not_add_up():
    coupon = CouponFactory()
    order = stories.placed_order(coupon=coupon, variant=variant_of(coupon))
    for wrong in ({"discount_minor": 999}, {"total_minor": 1}, {"coupon_code": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Order.objects.filter(pk=order.pk).update(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        order.lines.update(discount_minor=12_801)
    with pytest.raises(IntegrityError), transaction.atomic():
        Coupon.objects.filter(pk=coupon.pk).update(use_limit=1, used=2)


def test_shipping_is_paid_and_free_shipping_counts_the_list_price():
    store = StoreFactory(shipping_minor=600, free_shipping_from_minor=12_800)
    coupon = CouponFactory(store=store)
    assert buy(coupon).total_minor == 11_800, "from 128.00 of goods it is free, coupon or not"
    store.free_shipping_from_minor = None
    store.save()
    assert buy(coupon, seen=12_400).total_minor == 12_400


# --- whom it refuses ----------------------------------------------------------------------------------------------


def refused(coupon: Coupon, **how) -> str:
    """Why an order was refused; it must have left nothing behind."""
    before = (Order.objects.count(), Payment.objects.count(), CouponUse.objects.count())
    with pytest.raises(CouponRefused) as refusal, transaction.atomic():
        buy(coupon, **how)
    assert before == (Order.objects.count(), Payment.objects.count(), CouponUse.objects.count())
    return refusal.value.message


def test_each_refusal_says_why():
    now = clock.now()
    month = {"starts_at": now - timedelta(days=30)}
    assert "valid from" in refused(CouponFactory(starts_at=now + timedelta(hours=1)))
    assert "ended on" in refused(CouponFactory(ends_at=now - timedelta(seconds=1), **month))
    assert "paused it" in refused(CouponFactory(status="paused"))
    assert "The store has ended it" in refused(CouponFactory(status="ended"))
    assert "All of them are used" in refused(CouponFactory(use_limit=3, used=3))
    assert "¥72.00 more of its goods" in refused(CouponFactory(minimum_minor=20_000))
    other = CouponFactory()
    other.products.set([ProductFactory(store=other.store)])
    assert "other goods of this store" in refused(other)


def test_once_for_each_person_and_again_for_another():
    coupon, me = CouponFactory(), UserFactory()
    buy(coupon, buyer=me)
    assert "You have used yours" in refused(coupon, buyer=me)
    buy(coupon)
    assert count(coupon)[0] == 2
    twice = CouponFactory(per_member=2)
    buy(twice, buyer=me)
    buy(twice, buyer=me)
    assert "You have used yours" in refused(twice, buyer=me)
    assert sorted(twice.uses.values_list("turn", flat=True)) == [1, 2]


def test_the_database_knows_a_persons_uses_apart():
    coupon, me = CouponFactory(per_member=2), UserFactory()
    for _ in range(2):
        buy(coupon, buyer=me)
    with pytest.raises(IntegrityError), transaction.atomic():
        coupon.uses.update(turn=1)


def test_a_coupon_of_another_store_takes_nothing_off():
    theirs = CouponFactory()
    mine = ProductFactory().variants.get()
    with pytest.raises(NoSuchCoupon), transaction.atomic():
        buy(theirs, variant=mine)
    assert count(theirs) == (0, [])


def test_a_private_coupon_is_for_who_knows_its_code():
    coupon, me = CouponFactory(is_public=False), UserFactory()
    with pytest.raises(NoSuchCoupon), transaction.atomic():
        buy(coupon, buyer=me)
    coupons.claim(user_id=me.pk, store_id=coupon.store_id, code=coupon.code, now=clock.now())
    assert buy(coupon, buyer=me).discount_minor == 1_000


def test_a_draft_is_nobodys():
    draft = CouponFactory(status="draft")
    with pytest.raises(NoSuchCoupon):
        coupons.claim(user_id=UserFactory().pk, store_id=draft.store_id, code=draft.code, now=clock.now())
    with pytest.raises(NoSuchCoupon), transaction.atomic():
        buy(draft)


def test_a_total_that_the_client_lowered_is_not_charged():
    coupon = CouponFactory()
    with pytest.raises(TotalChanged), transaction.atomic():
        buy(coupon, seen=1)
    with pytest.raises(TotalChanged), transaction.atomic():
        buy(coupon, code="")
    assert not Order.objects.exists()


def test_codes_cannot_be_guessed(settings):
    settings.API_RATES = {**settings.API_RATES, "coupon": "10/d"}  # no minute ends in the middle of this
    coupon, me = CouponFactory(is_public=False, code="SECRET"), UserFactory()
    for n in range(10):
        with pytest.raises(NoSuchCoupon):
            coupons.claim(user_id=me.pk, store_id=coupon.store_id, code=f"GUESS{n}", now=clock.now())
    with pytest.raises(TooMany):
        coupons.claim(user_id=me.pk, store_id=coupon.store_id, code="SECRET", now=clock.now())
    assert not CouponClaim.objects.exists()
    other = UserFactory()
    coupons.claim(user_id=other.pk, store_id=coupon.store_id, code="SECRET", now=clock.now())
    for _ in range(15):  # what one has is no guess
        coupons.claim(user_id=other.pk, store_id=coupon.store_id, code="SECRET", now=clock.now())
    assert CouponClaim.objects.count() == 1


# --- when it comes back -------------------------------------------------------------------------------------------


def test_unpaid_in_time_gives_the_use_back():
    coupon, me = CouponFactory(use_limit=1), UserFactory()
    buy(coupon, buyer=me)
    assert "All of them are used" in refused(coupon)
    stories.wait(minutes=31)
    assert count(coupon) == (0, [UseStatus.RETURNED])
    buy(coupon, buyer=me)
    assert count(coupon) == (1, [UseStatus.RETURNED, UseStatus.RESERVED])


def test_cancelled_before_payment_gives_the_use_back():
    coupon = CouponFactory()
    order = buy(coupon)
    cancellation.cancel(order_id=order.pk, reason="", actor=stories.buyer_of(order), now=clock.now())
    assert count(coupon) == (0, [UseStatus.RETURNED])


def test_money_after_the_expiry_comes_back_as_paid_and_takes_no_use():
    coupon = CouponFactory()
    order = buy(coupon)
    payments.start_payment(payment_id=order.payment_id)
    stories.wait(minutes=31)
    act(order.payment_id, "late")
    purchase.settle_payment(payment_id=order.payment_id, now=clock.now())
    stories.settle()
    assert stories.fresh(order).status == OrderStatus.CANCELLED
    assert list(Refund.objects.values_list("amount_minor", "status")) == [(11_800, "done")]
    assert count(coupon) == (0, [UseStatus.RETURNED])


def test_cancelled_by_the_merchant_gives_the_paid_amount_and_the_use_back_once():
    coupon = CouponFactory()
    order = stories.paid_order(coupon=coupon, variant=variant_of(coupon))
    cancellation.cancel(order_id=order.pk, reason="", actor=stories.merchant_of(order), now=clock.now())
    assert Hold.objects.get(order=order).refunded_minor == 11_800
    assert count(coupon) == (0, [UseStatus.RETURNED])
    coupons.give_back(orders=[order], actor=stories.merchant_of(order), reason="again", now=clock.now())
    assert count(coupon) == (0, [UseStatus.RETURNED])
    with pytest.raises(IllegalTransition):
        coupons.spend(order=order, actor=stories.buyer_of(order), now=clock.now())


def test_after_a_return_the_buyer_gets_what_he_paid_and_may_use_the_coupon_again():
    coupon = CouponFactory()
    order = stories.delivered_order(coupon=coupon, variant=variant_of(coupon))
    case = stories.open_case(order)
    aftersale.accept(case_id=case.pk, actor=stories.merchant_of(order), now=clock.now())
    hold = Hold.objects.get(order=order)
    assert (stories.fresh(order).status, hold.refunded_minor) == (OrderStatus.REFUNDED, 11_800)
    assert count(coupon) == (0, [UseStatus.RETURNED])
    assert buy(coupon, buyer=order.buyer).discount_minor == 1_000


def test_a_part_refunded_does_not_bring_the_use_back():
    coupon = CouponFactory()
    order = stories.delivered_order(coupon=coupon, variant=variant_of(coupon))
    case = stories.open_case(order, want=Remedy.PARTIAL, amount=Money(2_000))
    aftersale.accept(case_id=case.pk, actor=stories.merchant_of(order), now=clock.now())
    hold = Hold.objects.get(order=order)
    assert (hold.refunded_minor, hold.released_minor) == (2_000, 9_800)
    assert count(coupon) == (1, [UseStatus.SPENT])


def test_nobody_can_claim_or_give_back_the_list_price():
    coupon = CouponFactory()
    order = stories.delivered_order(coupon=coupon, variant=variant_of(coupon))
    with pytest.raises(Exception) as too_much, transaction.atomic():
        stories.open_case(order, want=Remedy.PARTIAL, amount=Money(12_800))
    assert getattr(too_much.value, "status", 500) < 500
    release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    assert late_refunds.most_to_give_back(stories.fresh(order)) == Money(11_800)
    assert count(coupon) == (1, [UseStatus.SPENT])


def actor(coupon: Coupon):
    return stories.actor_of(coupon.store.owner)


# --- time ---------------------------------------------------------------------------------------------------------


def test_valid_from_its_first_instant_and_no_longer_at_its_last():
    start = clock.now() + timedelta(hours=1)
    coupon = CouponFactory(starts_at=start, ends_at=start + timedelta(hours=1))
    tick = timedelta(microseconds=1)
    assert "valid from" in refused(coupon, now=start - tick)
    buy(coupon, now=start)
    buy(coupon, now=coupon.ends_at - tick)
    assert "ended on" in refused(coupon, now=coupon.ends_at)
    assert count(coupon)[0] == 2


def test_an_order_placed_in_time_keeps_its_coupon_when_it_is_paid_after_the_end():
    coupon = CouponFactory(ends_at=clock.now() + timedelta(minutes=5))
    coupon_terms.move(
        store_id=coupon.store_id, coupon_id=coupon.pk, target="paused", actor=actor(coupon), now=clock.now()
    )
    coupon_terms.move(
        store_id=coupon.store_id, coupon_id=coupon.pk, target="running", actor=actor(coupon), now=clock.now()
    )
    order = buy(coupon)
    stories.wait(minutes=10)
    coupon.refresh_from_db()
    assert coupon.status == CouponStatus.ENDED, "its deadline has ended it"
    pay_at_bank(order.payment_id)
    assert Hold.objects.get(order=order).amount_minor == 11_800
    assert count(coupon) == (1, [UseStatus.SPENT])


def test_the_end_is_an_instant_whatever_zone_and_season_it_is_read_in():
    """Midnight in New York before and after its clocks go back: 24 and 25 hours later, told in each reader's time."""
    new_york = ZoneInfo("America/New_York")
    ends = datetime(2035, 11, 5, 0, 0, tzinfo=new_york)  # no year in which this runs: then none is told
    coupon = CouponFactory(starts_at=datetime(2035, 11, 4, 0, 0, tzinfo=new_york), ends_at=ends)
    coupon.refresh_from_db()
    assert coupon.ends_at - coupon.starts_at == timedelta(hours=25)
    last = ends - timedelta(seconds=1)
    for zone in ("Asia/Shanghai", "America/New_York", "UTC"):
        with timezone.override(zone):
            assert coupon.is_in_time(last)
            assert not coupon.is_in_time(ends)
            assert queries.why_not(coupon, used_by_me=0, now=last) is None
    with timezone.override("Asia/Shanghai"):
        assert "5 Nov 2035, 13:00" in queries.reason_of(coupon, "over")


def test_paused_and_ended_coupons_leave_orders_what_they_have():
    coupon = CouponFactory()
    order = buy(coupon)
    for target in ("paused", "ended"):
        coupon_terms.move(
            store_id=coupon.store_id, coupon_id=coupon.pk, target=target, actor=actor(coupon), now=clock.now()
        )
    pay_at_bank(order.payment_id)
    assert Hold.objects.get(order=order).amount_minor == 11_800


def test_a_category_counts_with_what_is_under_it():
    top = CategoryFactory()
    under = CategoryFactory(parent=top)
    coupon = CouponFactory(off_minor=None, off_bps=1_000, cap_minor=1_000)
    coupon.categories.set([top])
    assert buy(coupon, variant=variant_of(coupon, category=under), seen=11_800).discount_minor == 1_000
    assert "other goods" in refused(coupon, variant=variant_of(coupon, category=CategoryFactory()))


def test_the_best_coupon_comes_first_and_the_sooner_ending_of_two_alike():
    store = StoreFactory()
    small = CouponFactory(store=store, off_minor=500)
    late = CouponFactory(store=store, off_minor=1_280)
    soon = CouponFactory(store=store, off_minor=None, off_bps=1_000, ends_at=clock.now() + timedelta(days=1))
    dear = CouponFactory(store=store, off_minor=9_000, minimum_minor=50_000)
    cart = stories.fill_cart(UserFactory(), ProductFactory(store=store).variants.get())
    view = queries.with_offers(checked(cart.pk), user_id=cart.user_id, now=clock.now())
    assert [offer.coupon for offer in view.groups[0].offers] == [soon, late, small, dear]
    assert queries.best_codes(view) == {store.pk: soon.code}
