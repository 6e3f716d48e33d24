"""What the tests of WeChat Pay share: the adapter over any wire, and notices of any content."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx

from core.money import Money
from escrow.fakepay.wechat.keys import Keys
from escrow.gateways.wechatpay import WeChatPayGateway, build
from tests.contracts.partner_wechatpay import PARTNER
from tests.contracts.partners import Deal

OPENID = PARTNER.number
YEAR_2017 = 1_500_000_000.0


def notice_in(keys: Keys, content: dict[str, Any], *, event: str = "TRANSACTION.SUCCESS", label: str = "transaction"):
    """A notice of any content: its bytes, and the headers that vouch for them."""
    body = {"id": "evt-1", "event_type": event, "resource_type": "encrypt-resource"}
    raw = json.dumps({**body, "resource": keys.sealed(content, label=label)}).encode()
    return raw, keys.signed(raw)


def paid_content(keys: Keys, **changed: Any) -> dict[str, Any]:
    return {"mchid": keys.mchid, "appid": keys.appid, "out_trade_no": "a" * 32, "trade_state": "SUCCESS"} | changed


def heard(deal: Deal) -> list[tuple[dict[str, str], bytes]]:
    deal.send_notices()
    return deal.shop.got


def over(keys: Keys, answer: Any) -> WeChatPayGateway:
    """The adapter over a wire that answers what the test says."""
    base = "https://api.mch.weixin.qq.com"
    client = httpx.Client(base_url=base, transport=httpx.MockTransport(answer))
    return build(keys.shop_values(base), client=client)


def create(gateway: WeChatPayGateway, minor: int = 100, currency: str = "CNY") -> Any:
    return gateway.create_payment(
        key="payment:one", amount=Money(minor, currency), description="茶" * 200, return_url="", notify_url="https://s.t/n",
        expires_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
