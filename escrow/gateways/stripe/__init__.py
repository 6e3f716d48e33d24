"""
Stripe: Checkout (cards, Alipay, WeChat Pay), money kept on the platform's balance, transfers to connected accounts.

Separate charges and transfers (docs.stripe.com/connect/separate-charges-and-transfers): a payment lies with us until
it is transferred. Stripe lets it lie for 90 days and does not want that called escrow.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import httpx

from escrow.gateways.base import Capabilities, Notice, Statement
from escrow.gateways.stripe import notices
from escrow.gateways.stripe.payments import Payments
from escrow.gateways.stripe.reports import Reports
from escrow.gateways.stripe.transfers import Transfers
from escrow.gateways.stripe.wire import Wire

# What a session may be priced in and this shop writes down; docs.stripe.com/currencies has more.
CURRENCIES = frozenset(
    (
        *(
            "AED",
            "AUD",
            "BHD",
            "BRL",
            "CAD",
            "CHF",
            "CNY",
            "CZK",
            "DKK",
            "EUR",
            "GBP",
            "HKD",
            "HUF",
            "IDR",
            "ILS",
            "INR",
        ),
        *(
            "ISK",
            "JOD",
            "JPY",
            "KRW",
            "KWD",
            "MXN",
            "MYR",
            "NOK",
            "NZD",
            "PHP",
            "PLN",
            "RON",
            "SEK",
            "SGD",
            "THB",
            "TWD",
        ),
        *("UGX", "USD", "VND", "ZAR"),
    )
)


class StripeGateway(Payments, Transfers, Reports):
    """One platform account. Its payments' references are those of their Checkout Sessions."""

    name = "stripe"
    capabilities = Capabilities(
        hold_days=90, partial_refund=True, currencies=CURRENCIES, wording="protected payment", splits=True
    )

    def __init__(
        self, *, client: httpx.Client, secret_key: str, webhook_secret: str, account: str, methods: str = "card"
    ) -> None:
        self.wire = Wire(client=client, secret_key=secret_key)
        self.webhook_secret = webhook_secret
        self.payee = account or "platform"
        self.methods = tuple(word.strip() for word in methods.split(",") if word.strip())

    def parse_notice(self, *, raw_body: bytes, headers: Mapping[str, str]) -> Notice:
        """
        :raises BadSignature: if Stripe has not signed exactly these bytes lately
        :raises Malformed: if it did, but they are no event of ours
        """
        given = {name.lower(): value for name, value in headers.items()}
        notices.verify(raw_body, header=given.get(notices.HEADER, ""), secret=self.webhook_secret)
        return notices.read(raw_body, account=self.payee, is_live=self.wire.is_live)

    def statement(self, *, day: date) -> Statement:
        """
        A day's movements on the balance, UTC. Not a payout's: Stripe cannot tell what a manual payout consists of.

        :raises Unavailable: if Stripe does not answer
        """
        from escrow.statements.stripe import read  # what only who reads statements pays for

        statement: Statement = read(self.raw_statement(day=day), name=f"stripe-{day:%Y-%m-%d}.json", day=day)
        return statement


def build(values: Mapping[str, str], *, client: httpx.Client) -> StripeGateway:
    """The gateway of ``settings.PROVIDERS["stripe"]``."""
    return StripeGateway(
        client=client,
        secret_key=values["secret_key"],
        webhook_secret=values.get("webhook_secret", ""),
        account=values.get("account", ""),
        methods=values.get("methods", "card"),
    )
