"""
Which adapters the suite runs over, each with the dialect of the pretended provider that it speaks to.

An adapter joins by a module ``partner_<name>.py`` beside this one, with one ``PARTNER``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import httpx

from core.money import Money
from escrow.fakepay.book import Book
from escrow.fakepay.entries import Charge
from escrow.gateways.base import Created, Gateway
from tests.contracts.conftest import Bank, Shop

HASTY_SECONDS = 0.4  # how long an adapter under test waits for an answer
CALLS = frozenset({"create", "query", "close", "refund", "release", "reverse_release", "payout"})


def nothing(created: Created) -> None:
    """The payer's browser has nothing to do before the provider knows of the payment."""


@dataclass(frozen=True)
class Partner:
    """
    ``lacks``: what the provider does not do, so that tests of it are left out: names of protocols of the port, "create"
    (the payer's browser opens the payment), "declines", "payouts"; ``visit``: what the payer's browser does before the
    provider knows of a payment; ``destination``: a merchant's account there, ``number``: where payouts go if that
    is another; ``zone``: where the provider's day begins.
    """

    name: str
    dialect: str
    currency: str = "CNY"
    destination: str = "acct_1merchant"
    number: str = ""
    zone: str = "UTC"
    bank_name: str = ""
    holder: str = "Lin Mei"
    lacks: frozenset[str] = frozenset()
    visit: Callable[[Created], None] = nothing


@dataclass
class Deal:
    """One adapter with the pretended provider behind a socket, and the shop's address for notices."""

    partner: Partner
    gateway: Gateway
    bank: Bank
    shop: Shop
    expires_at: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(minutes=30))
    references: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000)))

    @property
    def book(self) -> Book:
        return self.bank.app.dialects[self.partner.dialect].book

    @property
    def charge(self) -> Charge:
        """The one payment there is."""
        (charge,) = self.book.charges.values()
        return charge

    def money(self, minor: int) -> Money:
        return Money(minor, self.partner.currency)

    def key(self, act: str) -> str:
        return f"{act}:{next(self.numbers)}"

    def create(self, minor: int = 10_000, *, key: str = "") -> Created:
        created = self.gateway.create_payment(
            key=key or f"payment:{uuid4()}",
            amount=self.money(minor),
            description="Order at Tashi",
            return_url="http://shop.test/back",
            notify_url=self.shop.url,
            expires_at=self.expires_at,
        )
        self.partner.visit(created)
        self.references.append(created.reference)
        return created

    def paid(self, minor: int = 10_000) -> tuple[str, str]:
        """A payment that was paid: its reference and that of the arrival."""
        reference = self.create(minor).reference
        self.book.pay(self.charge.ref)
        (movement,) = self.gateway.query_payment(reference=reference).movements
        return reference, movement.ref

    def bad(self, op: str, mood: str, **more: object) -> None:
        """Write the next fault."""
        self.book.faults.write([{"op": op, "mood": mood, **more}])

    def send_notices(self) -> None:
        notices = self.bank.app.notices[self.partner.dialect]
        notices.url = self.shop.url
        notices.send_due(at_once=True)


def partners() -> dict[str, Partner]:
    names = sorted(path.stem for path in Path(__file__).parent.glob("partner_*.py"))
    found = (import_module(f"tests.contracts.{name}").PARTNER for name in names)
    return {partner.name: partner for partner in found}


def deal_with(partner: Partner, bank: Bank, shop: Shop, *, timeout_seconds: float = HASTY_SECONDS) -> Deal:
    values = bank.app.dialects[partner.dialect].shop_values(bank.address(partner.dialect))
    client = httpx.Client(base_url=values["api_base"], timeout=timeout_seconds, trust_env=False)
    gateway = import_module(f"escrow.gateways.{partner.name}").build(values, client=client)
    return Deal(partner, gateway, bank, shop)
