"""The test order: a merchant follows his own money, and no customer's numbers are touched."""

from __future__ import annotations

import pytest
from django.urls import reverse

from core import clock
from core.errors import NotFound
from escrow import ledger
from escrow.models import Payout
from flows import trial, vetting
from shop.models import CardKey, Order, Product
from shop.queries.stores import store_numbers
from shop.states import OrderStatus
from tests.factories.shop import ProductFactory
from tests.sandbox import pay_at_bank
from tests.stories import actor_of, code_variant, settle, wait
from tests.vetting import accept_papers, begun, taken

pytestmark = pytest.mark.django_db


def placed(store, stock=3):
    ProductFactory(store=store, status="draft", price_minor=45_000, stock=stock)
    return trial.place(store=store, actor=actor_of(store.owner), now=clock.now())


def test_it_costs_one_yuan_takes_no_fee_and_gives_the_piece_back():
    store = begun().store
    payment = placed(store)
    assert payment.amount_minor == 100
    pay_at_bank(payment.pk)
    order = trial.trial_of(store)
    assert (order.status, order.fee_bps, order.hold.amount_minor) == (OrderStatus.PAID, 0, 100)
    trial.finish(order_id=order.pk, store_id=store.pk, actor=actor_of(store.owner), now=clock.now())
    assert ledger.balance(ledger.account(f"merchant:{store.pk}:CNY")) == 100
    product = Product.objects.get()
    assert (product.variants.get().stock, product.sold) == (3, 0)
    assert store_numbers(store_id=store.pk, now=clock.now()).completed == 0


def test_a_store_of_codes_alone_tries_it_with_one_that_is_for_sale_again():
    store = begun().store
    variant = code_variant(keys=2, store=store, status="draft")
    payment = trial.place(store=store, actor=actor_of(store.owner), now=clock.now())
    pay_at_bank(payment.pk)
    order = trial.trial_of(store)
    assert (order.kind, order.status, order.address) == ("code", OrderStatus.DELIVERED, {})
    trial.finish(order_id=order.pk, store_id=store.pk, actor=actor_of(store.owner), now=clock.now())
    variant.refresh_from_db()
    assert variant.stock == CardKey.objects.filter(status="available").count() == 2


def test_its_payout_waits_for_the_approval_and_then_proves_the_account():
    application, reviewer = taken()
    store = application.store
    payment = placed(store)
    pay_at_bank(payment.pk)
    trial.finish(order_id=trial.trial_of(store).pk, store_id=store.pk, actor=actor_of(store.owner), now=clock.now())
    wait(days=1)
    assert not Payout.objects.exists()
    accept_papers(application, reviewer)
    vetting.approve(application_id=application.pk, actor=actor_of(reviewer), now=clock.now())
    settle()
    assert Payout.objects.get().amount_minor == 100


def test_an_unpaid_one_is_cancelled_and_can_be_done_again():
    store = begun().store
    placed(store)
    with pytest.raises(trial.TrialRuns):
        trial.place(store=store, actor=actor_of(store.owner), now=clock.now())
    wait(hours=1)
    assert trial.trial_of(store).status == OrderStatus.CANCELLED
    trial.place(store=store, actor=actor_of(store.owner), now=clock.now())


def test_without_a_product_there_is_nothing_to_buy():
    with pytest.raises(trial.NoProductYet):
        placed(begun().store, stock=0)


def test_only_its_own_merchant_releases_it():
    store = begun().store
    pay_at_bank(placed(store).pk)
    other = begun().store
    with pytest.raises(NotFound):
        trial.finish(order_id=trial.trial_of(store).pk, store_id=other.pk, actor=actor_of(other.owner), now=clock.now())
    assert Order.objects.get().status == OrderStatus.PAID


def test_from_the_page(client):
    store = begun().store
    ProductFactory(store=store, status="draft")
    client.force_login(store.owner)
    page = reverse("merchant:trial")
    answer = client.post(page, {"act": "place"})
    order = trial.trial_of(store)
    assert answer["Location"] == reverse("shop:payment", args=[order.payment_id])
    pay_at_bank(order.payment_id)
    assert "release" in client.get(page).content.decode()
    assert client.post(page, {"act": "release"}).status_code == 302
    assert Order.objects.get().status == OrderStatus.COMPLETED
    assert client.get(page).status_code == 200


def test_the_order_page_of_a_test_order_leads_to_its_release_while_it_is_open(client):
    store = begun().store
    pay_at_bank(placed(store).pk)
    order = trial.trial_of(store)
    client.force_login(store.owner)
    place = f'href="{reverse("merchant:trial")}"'
    page = client.get(reverse("shop:order", args=[order.number]), HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert place in page and "Nothing is shipped" in page and "must ship" not in page
    trial.finish(order_id=order.pk, store_id=store.pk, actor=actor_of(store.owner), now=clock.now())
    assert place not in client.get(reverse("shop:order", args=[order.number])).content.decode()
