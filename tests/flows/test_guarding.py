"""What stays on the balance of a merchant whose account is limited or just changed, and what goes on for others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import translation

from accounts.models import LoginEvent, User
from accounts.places import Seen
from accounts.services import changes, stays
from accounts.services.standing import AccountFrozen, AccountLimited
from accounts.states import Standing
from core import clock, outbox
from core.actor import SYSTEM, Actor
from core.models import AuditEntry, Deadline
from disputes.states import CaseStatus, Party
from escrow.models import Payout, PayoutAccount, StorePayoutHold
from escrow.queries import hold_on_store, outlook
from escrow.services import holds, payout_run, payouts, store_holds
from escrow.states import PayoutStatus
from flows import aftersale, guarding
from logistics.states import ShipmentStatus
from shop.services import products
from shop.states import OrderStatus
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.escrow import OrderFactory, held, payout_account
from tests.factories.shop import ProductFactory, StoreFactory
from tests.stories import (
    actor_of,
    delivered_order,
    merchant_of,
    open_case,
    paid_order,
    scan,
    settle,
    ship,
    wait,
)

pytestmark = [pytest.mark.django_db, pytest.mark.money]


def earned(minor: int = 10_000):
    """A store with released money and a bank account."""
    store = StoreFactory(owner=UserFactory(language="en", last_login=clock.now()))
    hold = held(order=OrderFactory(items_minor=minor, store=store))
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    payout_account(store.pk)
    return store


def stand(user_id, to, reason="stolen"):
    return guarding.change_standing(user_id=user_id, to=to, actor=SYSTEM, reason=reason, now=clock.now())


def causes(store):
    return set(StorePayoutHold.objects.filter(store_id=store.pk, in_force=True).values_list("cause", flat=True))


def change(user, what="password"):
    was = changes.before(user.pk)
    row = guarding.note_change(what, was, actor=Actor(user_id=user.pk), now=clock.now())
    settle()
    return row


@pytest.mark.parametrize("state", [Standing.LIMITED, Standing.FROZEN, Standing.CLOSED])
def test_nothing_leaves_the_store_of_a_limited_frozen_or_closed_owner(state):
    store = earned()
    stand(store.owner_id, state)
    wait(days=2)
    assert payout_run.plan_payouts(now=clock.now()) == 0
    assert not Payout.objects.exists() and outlook(store.pk, clock.now()).balance.minor == 9_500
    with translation.override("en"):
        assert "owner is limited or frozen" in str(outlook(store.pk, clock.now()).why)


def test_what_was_prepared_waits_and_leaves_once_the_account_is_open_again():
    store = earned()
    payout = payouts.prepare_payout(store_id=store.pk, actor=SYSTEM, now=clock.now())
    assert payout is not None
    stand(store.owner_id, Standing.FROZEN)
    wait(days=1)
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.PREPARED
    stand(store.owner_id, Standing.NORMAL, "cleared")
    settle()
    payout.refresh_from_db()
    assert payout.status in (PayoutStatus.SENT, PayoutStatus.PAID)
    assert AuditEntry.objects.filter(act="payouts.let_go").count() == 1


def test_a_hold_of_another_cause_goes_on_holding():
    store = earned()
    now = clock.now()
    store_holds.hold_payouts(store_id=store.pk, cause="vetting", actor=SYSTEM, now=now)
    store_holds.hold_payouts(store_id=store.pk, cause="suspended", actor=SYSTEM, now=now)
    assert causes(store) == {"suspended"}, "how the store stands is one thing at a time"
    stand(store.owner_id, Standing.LIMITED)
    stand(store.owner_id, Standing.NORMAL)
    assert causes(store) == {"suspended"}
    assert store_holds.lift_hold(store_id=store.pk, actor=SYSTEM, now=now)
    assert not store_holds.lift_hold(store_id=store.pk, actor=SYSTEM, now=now)
    wait(hours=2)
    assert Payout.objects.count() == 1


def test_a_longer_cooling_takes_the_place_of_a_shorter_and_never_the_other_way():
    store, now = StoreFactory(), clock.now()
    for hours in (24, 72, 24):
        store_holds.hold_payouts(
            store_id=store.pk, cause="cooling", actor=SYSTEM, now=now, until=now + timedelta(hours=hours)
        )
    assert StorePayoutHold.objects.get().until == now + timedelta(hours=72)
    assert Deadline.objects.get(kind="payouts.hold_over", done_at__isnull=True).due_at == now + timedelta(hours=72)
    store_holds.end_hold(hold_id=StorePayoutHold.objects.get().pk, now=now + timedelta(hours=24))
    assert hold_on_store(store.pk) is not None


@pytest.mark.parametrize("what", ["password", "factor"])
def test_after_a_change_money_waits_three_days_and_then_leaves_by_itself(what):
    store = earned()
    change(store.owner, what)
    assert causes(store) == {"cooling"}
    wait(hours=71)
    assert not Payout.objects.exists()
    said = outlook(store.pk, clock.now())
    assert said.due_at is not None and said.due_at >= StorePayoutHold.objects.get().until
    wait(hours=2)
    assert Payout.objects.count() == 1 and causes(store) == set()


def test_asvs_8_2_4_after_a_strange_login_money_waits_and_after_a_usual_one_it_does_not():
    store = earned()
    user, now = store.owner, clock.now()
    for hours, ip, new in ((48, "114.114.114.114", True), (24, "114.114.114.115", False), (0, "85.214.132.117", True)):
        pk = stays.note_try(
            user_id=user.pk, outcome="in", seen=Seen(ip=ip, user_agent="x"), now=now - timedelta(hours=hours),
            facts={"new_device": new},
        )  # fmt: skip
        outbox.publish("accounts.signed_in", event_id=pk)
        settle()
        assert causes(store) == ({"cooling"} if hours == 0 else set()), LoginEvent.objects.get(pk=pk).country


def test_a_buyer_without_a_store_has_nothing_that_would_wait():
    change(UserFactory(last_login=clock.now()))
    assert not StorePayoutHold.objects.exists()


def test_a_limited_owner_sets_no_bank_account_and_changes_no_price_but_may_write(db):
    product = ProductFactory()
    owner = Actor(user_id=product.store.owner_id)
    stand(product.store.owner_id, Standing.LIMITED)
    with pytest.raises(AccountLimited):
        payouts.set_payout_account(
            store_id=product.store_id, bank="x", holder="y", number="6222021234561234", actor=owner, now=clock.now()
        )
    variant = product.variants.get()

    def save(price, title):
        row = products.VariantFacts(price_minor=price, stock=variant.stock, id=variant.pk, seen_stock=variant.stock)
        facts = products.ListingFacts(category_id=product.category_id, words={"title": title}, variants=[row])
        product.refresh_from_db()
        return products.save_product(
            store_id=product.store_id, product_id=product.pk, seen_version=product.version, facts=facts, actor=owner,
            now=clock.now(),
        )  # fmt: skip

    with pytest.raises(AccountLimited):
        save(variant.price_minor - 1, "Cheaper")
    assert save(variant.price_minor, "Other words").title == "Other words"
    stand(product.store.owner_id, Standing.FROZEN)
    with pytest.raises(AccountFrozen):
        save(variant.price_minor + 1, "Dearer")
    price = variant.price_minor
    variant.refresh_from_db()
    assert not PayoutAccount.objects.exists() and variant.price_minor == price


# --- test 20 of SECURITY §2: a frozen merchant's open orders go on ---------------------------------------------------


def frozen(order):
    stand(order.store.owner_id, Standing.FROZEN)
    return order


def test_a_frozen_merchants_parcel_is_followed_and_its_money_released_by_the_clock():
    order = paid_order()
    parcel = ship(order)
    frozen(order)
    scan(parcel, ShipmentStatus.PICKED_UP)
    scan(parcel, ShipmentStatus.DELIVERED, grade="A")
    for _day in range(30):
        wait(days=1)
    order.refresh_from_db()
    assert order.status == OrderStatus.COMPLETED
    assert not Payout.objects.exists(), "the merchant has it on his balance, and there it stays"
    assert outlook(order.store_id, clock.now()).balance.minor > 0


def test_a_frozen_merchants_order_that_is_never_shipped_goes_back_to_its_buyer():
    order = frozen(paid_order())
    for _day in range(30):
        wait(days=1)
    order.refresh_from_db()
    assert order.status == OrderStatus.REFUNDED


def test_the_buyer_of_a_frozen_merchant_opens_a_case_and_silence_does_not_hurt_him():
    order = frozen(delivered_order())
    case = open_case(order)
    for _day in range(10):
        wait(days=1)
    case.refresh_from_db()
    order.refresh_from_db()
    assert case.status in (CaseStatus.AGREED, CaseStatus.RETURN_DUE) and order.status != OrderStatus.COMPLETED


def test_staff_rule_a_case_of_a_frozen_merchant():
    order = frozen(delivered_order())
    case = open_case(order)
    aftersale.escalate(case_id=case.pk, text="", actor=merchant_of(order), now=clock.now())
    aftersale.rule(
        case_id=case.pk, refund_minor=order.total_minor, fault=Party.MERCHANT, article="3.2",
        reasons="The seam is open as the photos show.", actor=actor_of(MediatorFactory()), now=clock.now(),
    )  # fmt: skip
    order.refresh_from_db()
    assert order.status == OrderStatus.REFUNDED


def test_a_frozen_merchant_is_led_from_his_office_to_the_safety_page(client):
    order = frozen(paid_order())
    client.force_login(User.objects.get(pk=order.store.owner_id))
    assert client.get(f"/merchant/orders/{order.number}/").url == "/me/safety/"
