"""The payment page of providers without a page of their own, and the way to one at another host."""

from __future__ import annotations

import pytest
from django.urls import reverse

from escrow.gateways import use
from escrow.gateways.base import Capabilities, Created
from tests.factories.accounts import UserFactory
from tests.stories import placed_order

CODE = {"qr": "weixin://wxpay/bizpayurl?pr=JyC91EIz1"}
ACCOUNT = {
    "instructions": {"Account holder": "踏实科技有限公司", "Account": "6222021234561234567", "Reference": "TS2041K7"}
}


class Scans:
    name = payee = "sandbox"
    capabilities = Capabilities(hold_days=30, partial_refund=True, currencies=frozenset({"CNY"}))

    def __init__(self, **way: object) -> None:
        self.way = way

    def create_payment(self, **_: object) -> Created:
        return Created(reference="at-bank", **self.way)


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en-US", 390), ("en-US", 1280)])
@pytest.mark.parametrize("way", [CODE, ACCOUNT], ids=["code", "account"])
def test_a_code_or_an_account_on_the_page(visit, way, language, width):
    buyer = UserFactory(language="zh-hans" if language == "zh-CN" else "en")
    order = placed_order(buyer=buyer)
    with use("sandbox", Scans(**way)):
        me = visit(f"pay-{'qr' if way is CODE else 'account'}", buyer, language=language, width=width)
        me.open(reverse("shop:payment", args=[order.payment_id]))
        me.press("a.button-primary", shot="way")
        if way is CODE:
            assert me.page.evaluate("document.querySelector('main img[src^=\"data:\"]').naturalWidth") > 0
        assert me.page.locator("main .button-primary").count() == 1


def test_the_way_leads_to_another_host(visit, live_server):
    """A form's redirect would be blocked by form-action: seen with the button that was there before."""
    buyer = UserFactory(language="en")
    order = placed_order(buyer=buyer)
    elsewhere = live_server.url.replace("localhost", "127.0.0.1") + "/verify/"
    assert elsewhere.split("/")[2] != live_server.url.split("/")[2]
    with use("sandbox", Scans(url=elsewhere)):
        me = visit("pay-elsewhere", buyer, language="en-US", width=390)
        me.open(reverse("shop:payment", args=[order.payment_id]))
        me.press("a.button-primary")
    assert me.page.url == elsewhere
