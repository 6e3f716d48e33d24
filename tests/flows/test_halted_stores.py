"""
Abuse 20: the store of a frozen merchant takes no new order, and what was bought goes on protecting its buyers.

The same for closed owners, suspended, ending and ended stores; that of a limited owner goes on selling.
"""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import Notice
from accounts.services.standing import AccountLimited
from accounts.states import Standing
from core import clock
from core.actor import SYSTEM
from core.models import AuditEntry
from escrow.models import StorePayoutHold
from escrow.states import HoldCause
from flows import cancellation, guarding, release, standing
from flows.deal import deal
from flows.errors import NotOverdue
from flows.purchase import place
from shop.errors import StoreShut
from shop.models import Order, Store
from shop.queries.carts import checked
from shop.queries.catalogue import on_sale
from shop.roles import Role
from shop.services import carts, team
from shop.states import OrderStatus, StoreStatus
from tests.factories.accounts import AddressFactory, MediatorFactory, UserFactory
from tests.factories.shop import ProductFactory, StoreFactory
from tests.sandbox import pay_at_bank
from tests.stories import (
    actor_of,
    buyer_of,
    code_variant,
    delivered_order,
    fill_cart,
    fresh,
    open_case,
    paid_order,
    placed_order,
    scan,
    settle,
    ship,
    shipped_order,
    wait,
)
from tests.vetting import works_in

pytestmark = pytest.mark.django_db
HALTS = ("frozen", "closed", "suspended", "ending", "ended")


@pytest.fixture
def variant():
    return ProductFactory(price_minor=10_000, stock=50).variants.get()


def stand(user_id, to):
    guarding.change_standing(user_id=user_id, to=to, actor=SYSTEM, reason="stolen", now=clock.now())


def halt(store, how):
    """Bring a store into a state in which its buyers should not have to wait for it."""
    if how in ("frozen", "closed"):
        stand(store.owner_id, Standing(how))
        return
    staff, second = actor_of(MediatorFactory()), actor_of(MediatorFactory())
    said = {"store_id": store.pk, "now": clock.now()}
    if how == "suspended":
        standing.suspend(reason="Complaints.", actor=staff, **said)
        return
    ending = standing.propose_end(reason="Fakes.", refund=False, actor=staff, **said)
    if ending.signed_at is None:
        standing.sign_end(actor=second, **said)
    if how == "ended":
        settle()


def buy(buyer, cart, variant):
    address = AddressFactory(user=buyer)
    return place(
        buyer_id=buyer.pk, cart_id=cart.pk, line_ids=None, address_id=address.pk, note="",
        seen_total_minor=variant.price_minor + variant.product.store.shipping_minor, actor=actor_of(buyer),
        now=clock.now(),
    )  # fmt: skip


def again(store):
    return Store.objects.get(pk=store.pk)


# --- nothing new is ordered -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", HALTS)
def test_abuse_20_nothing_new_is_ordered_at_a_halted_store(variant, how):
    buyer, other = UserFactory(), UserFactory()
    cart = fill_cart(buyer, variant)
    halt(variant.product.store, how)
    assert not again(variant.product.store).sells
    with pytest.raises(StoreShut):
        buy(buyer, cart, variant)
    with pytest.raises(StoreShut):
        carts.add(cart=fill_cart(other), variant_id=variant.pk, quantity=1)
    assert checked(cart.pk).lines[0].problem == "shut"
    assert not Order.objects.exists()
    variant.refresh_from_db()
    assert variant.stock == 50, "nothing was reserved"


@pytest.mark.parametrize("how", HALTS)
def test_its_pages_say_that_it_is_closed_and_its_goods_are_in_no_list(variant, how):
    buyer = UserFactory(language="en")
    fill_cart(buyer, variant)
    store = variant.product.store
    halt(store, how)
    assert not on_sale().exists()
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    page = client.get(reverse("shop:store", args=[store.slug])).content.decode()
    assert "This store is closed at the moment" in page
    product = client.get(reverse("shop:product", args=[variant.product_id])).content.decode()
    assert "closed at the moment" in product and 'name="buy_now"' not in product
    answer = client.post(reverse("shop:cart-add"), {"variant": variant.pk, "quantity": 1}, follow=True)
    assert "closed for now" in answer.content.decode()
    client.force_login(buyer)
    assert "This store is closed for now. It is not counted." in client.get(reverse("shop:cart")).content.decode()
    assert "closed for now" in client.get(reverse("shop:checkout")).content.decode()


def test_the_api_says_that_a_store_is_shut(variant):
    buyer = UserFactory(language="en")
    halt(variant.product.store, "frozen")
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(buyer)
    answer = client.post("/api/v1/cart/lines/", {"variant": str(variant.pk), "quantity": 1},
                         content_type="application/json")  # fmt: skip
    assert answer.status_code == 409
    assert answer.json()["code"] == "store_shut"


def test_the_store_of_a_limited_owner_goes_on_selling(variant):
    buyer = UserFactory()
    cart = fill_cart(buyer, variant)
    stand(variant.product.store.owner_id, Standing.LIMITED)
    store = again(variant.product.store)
    assert store.sells and not store.is_halted
    assert buy(buyer, cart, variant).amount_minor >= 10_000


def test_a_store_sells_again_once_its_owner_is_normal(variant):
    owner_id = variant.product.store.owner_id
    stand(owner_id, Standing.FROZEN)
    assert AuditEntry.objects.filter(act="store.may_not_sell").count() == 1
    stand(owner_id, Standing.NORMAL)
    store = again(variant.product.store)
    assert store.sells and not store.owner_shut
    assert on_sale().exists()


def test_thawing_opens_no_store_that_was_suspended_meanwhile(variant):
    store = variant.product.store
    halt(store, "frozen")
    halt(store, "suspended")
    stand(store.owner_id, Standing.NORMAL)
    assert (again(store).status, again(store).may_sell) == (StoreStatus.SUSPENDED, False)
    standing.reinstate(store_id=store.pk, reason="ok", actor=actor_of(MediatorFactory()), now=clock.now())
    assert again(store).may_sell


def test_reinstating_opens_no_store_whose_owner_is_frozen(variant):
    store = variant.product.store
    halt(store, "suspended")
    stand(store.owner_id, Standing.FROZEN)
    standing.reinstate(store_id=store.pk, reason="ok", actor=actor_of(MediatorFactory()), now=clock.now())
    assert (again(store).status, again(store).may_sell) == (StoreStatus.APPROVED, False)


def test_a_store_handed_over_stands_as_its_new_owner_does():
    store, heir = StoreFactory(), UserFactory()
    works_in(store, Role.OWNER, heir)
    stand(heir.pk, Standing.FROZEN)
    assert again(store).sells, "a frozen member of the team shuts nothing"
    team.remove(store=store, user_id=store.owner_id, actor=actor_of(store.owner), now=clock.now())
    assert again(store).owner_id == heir.pk
    assert not again(store).sells


def owner_holds(store):
    return StorePayoutHold.objects.filter(store_id=store.pk, cause=HoldCause.OWNER, in_force=True).count()


def test_the_money_of_a_store_handed_over_waits_as_its_new_owner_stands():
    """Red before: the heir's account was frozen, and the daily run paid his store out."""
    store, heir = StoreFactory(), UserFactory()
    works_in(store, Role.OWNER, heir)
    stand(heir.pk, Standing.FROZEN)
    guarding.take_out_of_team(store=store, user_id=store.owner_id, actor=actor_of(store.owner), now=clock.now())
    assert (again(store).owner_id, owner_holds(store)) == (heir.pk, 1)
    stand(heir.pk, Standing.NORMAL)
    assert owner_holds(store) == 0


def test_a_limited_owner_hands_no_store_over():
    """Red before: the money then waited for good, as nobody who stood otherwise owned the store any more."""
    store, heir = StoreFactory(), UserFactory()
    works_in(store, Role.OWNER, heir)
    stand(store.owner_id, Standing.LIMITED)
    with pytest.raises(AccountLimited):
        guarding.take_out_of_team(store=store, user_id=store.owner_id, actor=actor_of(store.owner), now=clock.now())
    assert (again(store).owner_id, owner_holds(store)) == (store.owner_id, 1)


# --- what was bought goes on ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["frozen", "closed", "suspended", "ending"])
def test_what_is_not_shipped_may_be_cancelled_at_once(variant, how):
    order = paid_order(variant=variant)
    with pytest.raises(NotOverdue):
        cancellation.cancel(order_id=order.pk, reason="", actor=buyer_of(order), now=clock.now())
    halt(variant.product.store, how)
    with translation.override("en"):
        view = deal(order_id=order.pk, viewer="buyer", now=clock.now())
        assert "closed for now" in view.sentence.text
    assert [act.key for act in view.acts] == ["cancel", "case"]
    settle()
    assert Notice.objects.filter(user=order.buyer, kind="order.store_halted").count() == 1
    done = cancellation.cancel(order_id=order.pk, reason="", actor=buyer_of(order), now=clock.now())
    assert done.status == OrderStatus.REFUNDED
    assert done.hold.refunded_minor == order.total_minor


def test_while_its_store_is_not_halted_a_buyer_waits(variant):
    order = paid_order(variant=variant)
    stand(variant.product.store.owner_id, Standing.LIMITED)
    with pytest.raises(NotOverdue):
        cancellation.cancel(order_id=order.pk, reason="", actor=buyer_of(order), now=clock.now())


@pytest.mark.parametrize("how", ["frozen", "closed", "suspended", "ending"])
def test_what_is_on_its_way_is_not_cancelled_but_confirmed_claimed_or_released_by_its_clock(variant, how):
    on_its_way, here, claimed = (make(variant=variant) for make in (shipped_order, delivered_order, delivered_order))
    halt(variant.product.store, how)
    with translation.override("en"):
        assert "cancel" not in [act.key for act in deal(order_id=here.pk, viewer="buyer", now=clock.now()).acts]
    release.confirm_receipt(order_id=here.pk, actor=buyer_of(here), now=clock.now())
    open_case(claimed)
    wait(days=8)
    assert fresh(here).status == OrderStatus.COMPLETED
    assert fresh(claimed).status == OrderStatus.REFUNDED, "the merchant's silence counts"
    assert fresh(on_its_way).status == OrderStatus.SHIPPED
    assert on_its_way.hold.status == "held"


@pytest.mark.parametrize("how", ["suspended", "ending"])
def test_a_suspended_or_ending_store_still_ships(variant, how):
    order = paid_order(variant=variant)
    halt(variant.product.store, how)
    scan(ship(order), "picked_up")
    assert fresh(order).status == OrderStatus.SHIPPED


def test_a_shipper_of_a_frozen_owners_store_still_ships(variant):
    order = paid_order(variant=variant)
    halt(variant.product.store, "frozen")
    shipper = works_in(variant.product.store, Role.SHIPPER)
    client = Client()
    client.force_login(order.store.owner.__class__.objects.get(pk=shipper.user_id))
    assert client.get(reverse("merchant:order", args=[order.number])).status_code == 200
    assert fresh(order).status == OrderStatus.PAID


@pytest.mark.parametrize("how", ["frozen", "closed", "suspended", "ending"])
def test_what_is_never_shipped_returns_by_itself(variant, how):
    order = paid_order(variant=variant)
    halt(variant.product.store, how)
    wait(days=8)
    assert fresh(order).status == OrderStatus.REFUNDED


def test_an_order_placed_before_is_paid_after_and_may_be_cancelled_at_once(variant):
    order = placed_order(variant=variant)
    halt(variant.product.store, "frozen")
    pay_at_bank(order.payment_id)
    assert fresh(order).status == OrderStatus.PAID
    cancellation.cancel(order_id=order.pk, reason="", actor=buyer_of(order), now=clock.now())
    assert fresh(order).status == OrderStatus.REFUNDED


def test_codes_of_a_halted_store_that_are_not_there_may_be_cancelled_at_once():
    variant = code_variant(keys=1)
    order = placed_order(variant=variant)
    variant.keys.update(status="withdrawn")
    pay_at_bank(order.payment_id)
    halt(variant.product.store, "frozen")
    assert fresh(order).status == OrderStatus.PAID
    cancellation.cancel(order_id=order.pk, reason="", actor=buyer_of(order), now=clock.now())
    assert fresh(order).status == OrderStatus.REFUNDED


def test_codes_bought_before_are_still_opened():
    order = paid_order(variant=code_variant(keys=1))
    halt(order.store, "frozen")
    client = Client()
    client.force_login(order.buyer)
    assert client.get(reverse("shop:order-codes", args=[order.number])).status_code == 200
