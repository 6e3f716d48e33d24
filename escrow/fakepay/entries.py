"""What the pretended provider's book consists of. Amounts are whole minor units, times are Unix seconds."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

PaymentWord = Literal["open", "paid", "declined", "closed"]
Outcome = Literal["pending", "done", "failed", "returned"]


class Refusal(Exception):
    """
    The provider says no.

    ``code``: key_reused, not_found, bad_amount, over_cap, wrong_state, short_of_money; a dialect says it in its words.
    """

    def __init__(self, code: str, words: str = "") -> None:
        self.code = code
        self.words = words or code.replace("_", " ")
        super().__init__(self.words)


def number(prefix: str) -> str:
    """A fresh reference, hard to guess: ``prefix`` and 20 hex digits."""
    return prefix + secrets.token_hex(10)


@dataclass(slots=True)
class Arrival:
    """Money that a payer has sent, once."""

    ref: str
    charge_ref: str
    minor: int
    currency: str
    fee: int
    at: float
    method: str


@dataclass(slots=True)
class Charge:
    """A payment that was asked for. ``data`` belongs to the dialect."""

    key: str
    ref: str
    minor: int
    currency: str
    created_at: float
    notify_url: str = ""
    return_url: str = ""
    description: str = ""
    expires_at: float | None = None
    state: PaymentWord = "open"
    reason: str = ""
    arrivals: list[Arrival] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Refund:
    """Money of one arrival on its way back to its payer."""

    key: str
    ref: str
    charge_ref: str
    arrival_ref: str
    minor: int
    currency: str
    at: float
    state: Outcome = "done"
    reason: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Transfer:
    """
    Money that leaves for a merchant: of one charge (release), of the balance (payout), or back again (reversal).

    ``of``: the release that a reversal takes back. ``state`` returned: it was done and came back days later.
    """

    kind: Literal["release", "payout", "reversal"]
    key: str
    ref: str
    minor: int
    currency: str
    at: float
    to: str = ""
    charge_ref: str = ""
    of: str = ""
    state: Outcome = "done"
    reason: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Dispute:
    """A payer's bank that has taken money of one arrival back: open and lost mean it is gone, won means it is here."""

    ref: str
    charge_ref: str
    arrival_ref: str
    minor: int
    currency: str
    at: float
    state: Literal["open", "won", "lost"] = "open"
    reason: str = "fraudulent"
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Move:
    """One line of the account: ``minor`` is signed, in is positive; ``fee`` is what was kept of it."""

    ref: str
    kind: Literal["payment", "refund", "refund_failed", "release", "reversal", "payout", "payout_returned",
                  "dispute", "dispute_won"]  # fmt: skip
    subject: str
    charge_ref: str
    minor: int
    fee: int
    currency: str
    at: float


@dataclass(slots=True)
class Event:
    """
    Something a notice is owed for.

    ``kind``: payment.paid, payment.again, payment.declined, payment.closed, refund.done, refund.failed, release.done,
    payout.done, payout.failed, payout.returned, dispute.open, dispute.won, dispute.lost. ``subject``: the reference of
    what it is about. ``data``: copies: how often it is sent; forged: it is spoilt on the way. ``due_at``: Unix seconds.
    """

    id: str
    kind: str
    subject: str
    charge_ref: str
    at: float
    url: str
    tries: int = 0
    due_at: float = 0.0
    answers: list[str] = field(default_factory=list)
    is_done: bool = False
    data: dict[str, Any] = field(default_factory=dict)


# What a row is called where it is kept.
KINDS: dict[type, str] = {
    Charge: "charge", Refund: "refund", Transfer: "transfer", Dispute: "dispute", Move: "move", Event: "event",
}  # fmt: skip


def read_charge(body: Mapping[str, Any]) -> Charge:
    """A payment as it was written down, with its arrivals."""
    return Charge(**{**body, "arrivals": [Arrival(**row) for row in body["arrivals"]]})
