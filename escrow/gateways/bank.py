"""
Manual bank transfer: the buyer transfers with a word of ours, staff send refunds and payouts by hand.

A bank tells us nothing: what has arrived and what has left is known from its statement's lines, or from staff who write
down the bank's number of a transfer. Both are asked through ``Seen``, since an adapter has no tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import httpx
from django.utils.translation import gettext as _

from core.money import Money
from escrow.gateways.base import (
    BadSignature,
    Capabilities,
    Created,
    Movement,
    Notice,
    PaymentState,
    PayoutState,
    RefundState,
)

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no letter that is easily misread
WORD_LENGTH = 10
SENT = {"refund": "RF", "payout": "PO"}


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What is known of the account. ``arrivals``: money that came in under a payment's word; ``left``: the bank's number
    of the transfer made for one of our keys, empty while there is none.
    """

    arrivals: Callable[[str], Sequence[Movement]]
    left: Callable[[str], str]


def word_of(key: str) -> str:
    """
    The word that a transfer carries: ``TS`` and ten letters for a payment's key, ``RF`` or ``PO`` and our number else.
    """
    kind, _colon, rest = key.partition(":")
    if kind in SENT:
        return f"{SENT[kind]}{int(rest.partition(':')[0]):06d}"
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    return "TS" + "".join(ALPHABET[number >> 5 * place & 31] for place in range(WORD_LENGTH))


class BankGateway:
    """A bank account of ours that buyers transfer to."""

    name = "bank"

    def __init__(self, *, holder: str, bank: str, number: str, currency: str, seen: Seen) -> None:
        self.holder, self.bank, self.number, self.seen = holder, bank, number, seen
        self.payee = number
        self.capabilities = Capabilities(hold_days=None, partial_refund=True, currencies=frozenset({currency}))

    def create_payment(
        self, *, key: str, amount: Money, description: str, return_url: str, notify_url: str, expires_at: datetime
    ) -> Created:
        word = word_of(key)
        instructions = {
            _("Account holder"): self.holder,
            _("Bank"): self.bank,
            _("Account number"): self.number,
            _("Amount"): str(amount),
            _("Reference (附言), exactly so"): word,
        }
        return Created(reference=word, instructions=instructions)

    def query_payment(self, *, reference: str) -> PaymentState:
        movements = tuple(self.seen.arrivals(reference))
        return PaymentState("paid" if movements else "open", movements, payee=self.payee)

    def close_payment(self, *, reference: str) -> Literal["closed", "already_paid"]:
        return "already_paid" if self.seen.arrivals(reference) else "closed"

    def refund(self, *, key: str, reference: str, movement_ref: str, amount: Money) -> RefundState:
        return self.query_refund(key=key, reference=reference)

    def query_refund(self, *, key: str, reference: str) -> RefundState:
        ref = self.seen.left(key)
        return RefundState(ref, "done" if ref else "pending")

    def payout(self, *, key: str, amount: Money, bank: str, holder: str, number: str) -> PayoutState:
        return self.query_payout(key=key)

    def query_payout(self, *, key: str) -> PayoutState:
        ref = self.seen.left(key)
        return PayoutState(ref, "done" if ref else "pending")

    def parse_notice(self, *, raw_body: bytes, headers: Mapping[str, str]) -> Notice:
        """:raises BadSignature: always: a bank sends no notices"""
        raise BadSignature


def build(values: Mapping[str, str], *, client: httpx.Client | None = None, seen: Seen | None = None) -> BankGateway:
    """The account of ``settings.PROVIDERS["bank"]``, with what the imported statements and our staff know of it."""
    if seen is None:
        from escrow.queries import by_hand

        seen = Seen(arrivals=by_hand.arrivals, left=by_hand.left)
    return BankGateway(
        holder=values["holder"], bank=values["bank"], number=values["number"],
        currency=values["currency"] or "CNY", seen=seen,
    )  # fmt: skip
