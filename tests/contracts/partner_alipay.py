"""Alipay in the suite: its payer's browser opens the payment, and it holds money under a royalty contract."""

from __future__ import annotations

import httpx

from escrow.gateways.base import Created
from tests.contracts.partners import Partner


def visit(created: Created) -> None:
    answer = httpx.get(created.url, trust_env=False)
    assert answer.status_code == 302, answer.text


PARTNER = Partner(
    name="alipay",
    dialect="alipay",
    destination="2088102146225135",
    zone="Asia/Shanghai",
    bank_name="支付宝",
    holder="林梅",
    lacks=frozenset({"create", "declines", "TellsDisputes"}),
    visit=visit,
)
