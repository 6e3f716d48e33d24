"""Buyer, merchant and mediator at a real browser; screenshots of every page they pass are kept in test-results/."""

from __future__ import annotations

import pytest
from django.urls import reverse

from core import clock
from core.money import Money
from flows import aftersale
from tests.factories.accounts import AddressFactory, MediatorFactory, UserFactory
from tests.factories.escrow import payout_account
from tests.factories.shop import ProductFactory
from tests.stories import (
    buyer_of,
    delivered_order,
    fresh,
    merchant_of,
    open_case,
    paid_order,
    sandbox_carrier,
    scan,
    settle,
    ship,
)


def test_a_buyer_buys_and_confirms(visit):
    buyer, product = UserFactory(), ProductFactory()
    AddressFactory(user=buyer, is_default=True)
    me = visit("buyer", buyer, language="zh-CN", width=390)
    me.open(reverse("shop:home"), shot="home")
    me.open(reverse("shop:product", args=[product.pk]), shot="product")
    me.press("button[name=buy_now]", shot="checkout")
    me.press("main button.button-primary:not([name=buy_now])", shot="payment")
    me.press("main a[href='?pay=1']", shot="bank")
    me.press("button[value=paid]", shot="paid")
    order = buyer.orders.get()
    assert order.status == "paid"
    settle()
    me.open(reverse("shop:order", args=[order.number]), shot="order-paid")
    shipment = ship(order)
    for status in ("picked_up", "in_transit", "out_for_delivery", "delivered"):
        scan(shipment, status, grade="B" if status == "delivered" else "")
    settle()
    me.open(reverse("shop:order", args=[order.number]), shot="order-delivered")
    me.open(reverse("shop:order-confirm", args=[order.number]), shot="confirm")
    me.press("main form button.button-primary", shot="completed")
    assert fresh(order).status == "completed"
    me.open(reverse("shop:orders"), shot="orders")
    me.open(reverse("shop:order-money", args=[order.number]), shot="money")


def test_a_merchant_ships(visit):
    order = paid_order()
    sandbox_carrier(order.store_id)
    payout_account(order.store_id)
    settle()
    me = visit("merchant", order.store.owner, language="en-US", width=1280)
    me.open(reverse("merchant:home"), shot="home")
    me.open(reverse("merchant:orders"), shot="orders")
    me.open(reverse("merchant:order", args=[order.number]), shot="order")
    me.page.fill("#ship input[name=number]", "TS2026112200001")
    me.page.fill("#ship input[name=weight_g]", "640")
    me.press("#ship form button.button-primary", shot="shipped")
    assert fresh(order).status == "shipped"
    assert order.shipments.get().number == "TS2026112200001"
    me.open(reverse("merchant:products"), shot="products")
    me.open(reverse("merchant:shipping"), shot="shipping")
    me.open(reverse("merchant:money"), shot="money")


def test_a_mediator_rules(visit):
    order = delivered_order()
    case = open_case(order)
    now = clock.now()
    aftersale.refuse(case_id=case.pk, text="They were whole.", actor=merchant_of(order), now=now)
    aftersale.escalate(case_id=case.pk, text="They were not.", actor=buyer_of(order), now=now)
    settle()
    mediator = MediatorFactory(language="en")
    me = visit("mediator", mediator, language="en-US", width=1280)
    me.open(reverse("console:home"), shot="home")
    me.open(reverse("console:cases"), shot="cases")
    me.open(reverse("console:case", args=[case.number]), shot="case")
    me.press("form[action$='/take/'] button", shot="taken")
    me.open(reverse("console:rule", args=[case.number]), shot="rule")
    back = Money(order.total_minor * 37 // 100)
    me.page.fill("input[name=refund]", back.digits)
    me.page.fill("input[name=release]", (order.total - back).digits)
    me.page.select_option("select[name=fault]", "merchant")
    me.page.select_option("select[name=article]", "3.2")
    me.page.fill("textarea[name=reasons]", "The pictures show dents that the packing could not have kept out.")
    me.press("button[value=preview]", shot="preview")
    me.press_and_confirm("button[value=sign]", mediator, shot="decided")
    hold = fresh(order).hold
    assert (hold.refunded_minor, hold.released_minor) == (back.minor, order.total_minor - back.minor)
    room = visit("buyer-case", order.buyer, language="zh-CN", width=390)
    room.open(reverse("disputes:case", args=[case.number]), shot="ruled")


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en-US", 1280)])
def test_what_everybody_may_see(visit, language, width):
    product = ProductFactory()
    anybody = visit("anybody", language=language, width=width)
    pages = {
        "home": reverse("shop:home"), "search": reverse("shop:search") + "?q=龙井",
        "store": reverse("shop:store", args=[product.store.slug]), "cart": reverse("shop:cart"),
        "guarantee": reverse("pages:guarantee"), "rules": reverse("pages:rules"), "login": reverse("account_login"),
        "sandbox": reverse("sandbox:home"),
    }  # fmt: skip
    for name, path in pages.items():
        anybody.open(path, shot=name)
