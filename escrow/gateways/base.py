"""
The port to payment providers, in our words.

Every call may be repeated: its key is derived from our own row, and the provider answers the same key the same way.
``Unavailable`` means that nothing is known about the outcome: ask again, never send anew under another key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
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
    partial_release: bool = True
    refund_after_release: bool = True
    pays_out: bool = True  # whether it can send merchants their money, or only take buyers'
    wording: Literal["escrow", "protected payment"] = "escrow"  # what the provider lets us call a held payment
    splits: bool = False  # it passes parts of a payment on to merchants' accounts there: it is one of ``Releases``
    reversal_refunds: bool = False  # taking a part back from a merchant there refunds its payer in the same act


@dataclass(frozen=True, slots=True)
class Created:
    """
    A payment at the provider: its number there, and the page where the buyer pays or what his wallet must scan.

    ``instructions``: label → value, for a transfer that the buyer makes himself.
    """

    reference: str
    url: str = ""
    qr: str = ""
    instructions: Mapping[str, str] = field(default_factory=dict)


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
    """
    How a payout stands; ``unknown``: the provider has never heard of the key.

    ``returned``: it was done, and the receiving bank sent it back days later.
    """

    ref: str
    status: Literal["pending", "done", "failed", "returned", "unknown"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """What lies on our account there. ``source``: provider (it says so itself) or sandbox (it pretends)."""

    amount: Money
    at: datetime
    source: Literal["provider", "sandbox"]


@dataclass(frozen=True, slots=True)
class Notice:
    """
    A provider's hint that something has changed: what is true is then asked of the provider.

    ``kind``: dispute: a payer's bank has taken money back or given it up, ``dispute_ref`` names it.
    """

    event_id: str
    payment_reference: str
    key: str
    kind: Literal["payment", "refund", "dispute", "payout", "other"] = "payment"
    dispute_ref: str = ""


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payer's bank against us: while it is open the money is gone, won means it is back."""

    ref: str
    payment_reference: str
    amount: Money
    status: Literal["open", "won", "lost"]
    reason: str
    at: datetime
    answer_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class StatementRow:
    """
    One movement on our account at the provider, as its statement has it.

    ``gross`` is signed: in is positive. ``fee``: what the provider kept of it, positive. ``reference``: our key or the
    provider's number of the payment, for finding ours.
    """

    ext_id: str
    kind: Literal["payment", "refund", "payout", "fee", "chargeback", "other"]
    gross: Money
    fee: Money
    reference: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """A day's movements. ``closing``: what lies there at its end, when the file says so."""

    name: str
    raw: bytes
    rows: tuple[StatementRow, ...]
    closing: Money | None = None


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

    def query_refund(self, *, key: str, reference: str) -> RefundState: ...

    def payout(self, *, key: str, amount: Money, bank: str, holder: str, number: str) -> PayoutState: ...

    def query_payout(self, *, key: str) -> PayoutState: ...

    def parse_notice(self, *, raw_body: bytes, headers: Mapping[str, str]) -> Notice: ...


@runtime_checkable
class Releases(Protocol):
    """
    A provider that holds each payment itself and lets go of it in parts, to the merchant's account there.

    ``reverse_release`` takes a part back. ``payer_gets``, where the capabilities say ``reversal_refunds``: what its
    payer is refunded by that very act, not less than ``amount``; the others take no notice of it. There
    ``query_reversal`` tells how that refund stands.
    """

    def release(self, *, key: str, reference: str, amount: Money, destination: str) -> PayoutState: ...

    def query_release(self, *, key: str, reference: str) -> PayoutState: ...

    def reverse_release(
        self, *, key: str, release_key: str, reference: str, amount: Money, payer_gets: Money | None = None
    ) -> RefundState: ...

    def query_reversal(self, *, key: str, release_key: str, reference: str) -> RefundState: ...


@runtime_checkable
class Unfreezes(Protocol):
    """A provider that keeps what was not passed on frozen until it is told that a payment is over."""

    def unfreeze(self, *, key: str, reference: str) -> PayoutState: ...


@runtime_checkable
class TellsDisputes(Protocol):
    """A provider whose payers' banks may take money back."""

    def query_dispute(self, *, ref: str) -> Dispute: ...


@runtime_checkable
class GivesStatements(Protocol):
    """A provider whose statement can be fetched;"""

    def statement(self, *, day: date) -> Statement: ...


@runtime_checkable
class Acknowledges(Protocol):
    """A provider that wants a body of its own in answer to a notice: content type and bytes."""

    @property
    def acknowledgement(self) -> tuple[str, bytes]: ...


@runtime_checkable
class TellsBalance(Protocol):
    """A provider that also says what lies on our account: what a proof of custody leans on."""

    def balance(self, *, currency: str) -> Balance: ...
