"""Codes at a real browser: bought, paid at the sandbox bank, opened, copied; handed in by their merchant."""

from __future__ import annotations

import pytest
from django.urls import reverse

from shop.models import CardKey
from tests.accounts.letters import code_to
from tests.browser.entrance import GO
from tests.factories.accounts import PASSWORD, MediatorFactory, UserFactory
from tests.stories import code_variant, paid_order, settle


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en-US", 1280)])
def test_a_buyer_buys_pays_and_opens_his_code(visit, language, width):
    buyer, variant = UserFactory(language="en"), code_variant(keys=3)
    me = visit("codes", buyer, language=language, width=width)
    me.open(reverse("shop:product", args=[variant.product_id]), shot="product")
    me.press("button[name=buy_now]", shot="checkout")
    me.press("main button.button-primary:not([name=buy_now])", shot="payment")
    me.press("main a[href='?pay=1']", shot="bank")
    me.press("button[value=paid]", shot="paid")
    order = buyer.orders.get()
    assert order.status == "delivered", "the payment delivered; no worker has run"
    settle()
    value = CardKey.objects.get(status="sold").open()
    me.open(reverse("shop:order", args=[order.number]), shot="order")
    me.press(f"main a[href$='/{order.number}/codes/']", shot="masked")
    assert value not in me.page.content()
    me.page.locator("main form button.button-primary").click()
    assert CardKey.objects.get(status="sold").revealed_at is None, "the box must be ticked first"
    me.page.check("main input[name=understood]")
    me.press("main form button.button-primary", shot="open")
    assert me.page.locator("main .copyable code").inner_text() == value
    me.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    me.page.locator("main .copyable button").click()
    assert me.page.evaluate("navigator.clipboard.readText()") == value
    me.open(reverse("shop:orders"), shot="orders")
    assert value not in me.page.content()


def test_a_merchant_hands_in_codes_and_stops_a_batch(visit):
    variant = code_variant(keys=2)
    order = paid_order(variant=variant)
    me = visit("pool", variant.product.store.owner, language="en-US", width=390)
    me.open(reverse("merchant:product-codes", args=[variant.product_id]), shot="pool")
    me.page.fill("textarea[name=text]", "BROWSER-0001\nBROWSER-0001\nBROWSER-0002")
    me.press("button[name=check]", shot="checked")
    me.page.check("input[name=leave_out_bad]")
    me.press("button[name=hand_in]", shot="handed-in")
    assert CardKey.objects.filter(status="available").count() == 3
    me.page.locator("article input[name=reason]").first.fill("a complaint")
    me.press("article button[value=stop]", shot="stopped")
    assert CardKey.objects.filter(status="quarantined").count() == 2
    me.open(reverse("merchant:product", args=[variant.product_id]), shot="editor")
    me.open(reverse("merchant:product-new"), shot="new")
    me.open(reverse("merchant:order", args=[order.number]), shot="order")


def test_staff_open_codes_with_a_reason(visit):
    order = paid_order(variant=code_variant(keys=2), quantity=2)
    staff = MediatorFactory(language="en")
    me = visit("staff-codes", staff, language="en-US", width=1280)
    me.open(reverse("console:order", args=[order.number]), shot="order")
    me.open(reverse("console:order-codes", args=[order.number]), shot="closed")
    me.page.fill("input[name=reason]", "The issuer asks which one it is.")
    me.press("main form button.button-danger", status=403, shot="who")
    me.page.fill("[name=step_up_password]", PASSWORD)
    me.page.fill("[name=step_up_code]", code_to(staff.phone))
    me.press(GO, shot="open")
    assert me.page.locator("main .copyable").count() == 2
