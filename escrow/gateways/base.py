"""
The port to payment providers, in our words.

Every call may be repeated: its key is derived from our own row, and the provider answers the same key the same way.
``Unavailable`` means that nothing is known about the outcome: ask again, never send anew under another key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.money import Money


class Unavailable(DomainError):
    """No usable answer; it may pass."""

    code = "provider_unavailable"
    status = 503
    default_message = _("The payment provider does not answer now. Nothing is lost; please try again shortly.")


class Refused(DomainError):
    """A definite no. ``why`` is the provider's own word for it."""

    code = "provider_refused"
    default_message = _("The payment provider has refused this.")

    def __init__(self, why: str = "") -> None:
        self.why = why
        super().__init__()


class BadSignature(DomainError):
    """Not from the provider, altered on the way, or too old to be believed."""

    code = "bad_signature"
    status = 401
    default_message = _("The signature is not valid.")


class Malformed(DomainError):
    """Signed rightly, but not a notice."""

    code = "malformed"
    status = 400
    default_message = _("This is not a notice.")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do; checkout and disputes keep within it."""

    hold_days: int | None  # how long it lets money be held; None: without limit
    partial_refund: bool
    currencies: frozenset[str]


@dataclass(frozen=True, slots=True)
class Created:
    """A payment at the provider: its number there and the page where the buyer pays."""

    reference: str
    url: str


@dataclass(frozen=True, slots=True)
class Movement:
    """One arrival of money, with the provider's number of it."""

    ref: str
    amount: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class PaymentState:
    """What the provider knows about a payment. ``payee`` is the account it was paid to."""

    status: Literal["open", "paid", "declined", "closed"]
    movements: tuple[Movement, ...] = ()
    payee: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefundState:
    """How a refund stands; ``unknown``: the provider has never heard of the key."""

    ref: str
    status: Literal["pending", "done", "failed", "unknown"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PayoutState:
    """How a payout stands; ``unknown``: the provider has never heard of the key."""

    ref: str
    status: Literal["pending", "done", "failed", "unknown"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """What lies on our account there. ``source``: provider (it says so itself) or sandbox (it pretends)."""

    amount: Money
    at: datetime
    source: Literal["provider", "sandbox"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A provider's hint that a payment has changed."""

    event_id: str
    payment_reference: str
    key: str


class Gateway(Protocol):
    """A payment provider."""

    name: str
    payee: str
    capabilities: Capabilities

    def create_payment(
        self, *, key: str, amount: Money, description: str, return_url: str, notify_url: str, expires_at: datetime
    ) -> Created: ...

    def query_payment(self, *, reference: str) -> PaymentState: ...

    def close_payment(self, *, reference: str) -> Literal["closed", "already_paid"]: ...

    def refund(self, *, key: str, reference: str, movement_ref: str, amount: Money) -> RefundState: ...

    def query_refund(self, *, key: str) -> RefundState: ...

    def payout(self, *, key: str, amount: Money, bank: str, holder: str, number: str) -> PayoutState: ...

    def query_payout(self, *, key: str) -> PayoutState: ...

    def parse_notice(self, *, raw_body: bytes, headers: Mapping[str, str]) -> Notice: ...


@runtime_checkable
class TellsBalance(Protocol):
    """A provider that also says what lies on our account: what a proof of custody leans on."""

    def balance(self, *, currency: str) -> Balance: ...
