"""What all acts at the pretended provider share: rows, one lock, the clock, the account and the notices owed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from escrow.fakepay.entries import Arrival, Charge, Dispute, Event, Move, Refund, Refusal, Transfer, number
from escrow.fakepay.faults import Faults


class Clock:
    """Real time plus an offset that the control doors move."""

    def __init__(self) -> None:
        self.offset_seconds = 0.0

    def now(self) -> float:
        return time.time() + self.offset_seconds


class Account:
    """The account of one shop at one provider; ``Book`` adds the acts. ``fee_bps``: what is kept of each arrival."""

    def __init__(self, *, faults: Faults, clock: Clock, fee_bps: int = 0) -> None:
        self.faults = faults
        self.clock = clock
        self.fee_bps = fee_bps
        self.prefixes = {"arrival": "mv", "dispute": "dp", "move": "bt", "event": "evt_"}  # a dialect may change them
        self.charges: dict[str, Charge] = {}
        self.refunds: dict[str, Refund] = {}
        self.transfers: dict[str, Transfer] = {}
        self.disputes: dict[str, Dispute] = {}
        self.moves: list[Move] = []
        self.events: list[Event] = []
        self._lock = threading.RLock()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep everybody else out, for a dialect that reads and then acts."""
        with self._lock:
            yield

    def charge(self, ref: str = "", *, key: str = "") -> Charge:
        """
        Find a payment by its number or its key; one that has run out is closed by that.

        :raises Refusal: not_found
        """
        with self._lock:
            rows = self.charges.values()
            found = self.charges.get(ref) if ref else next((row for row in rows if row.key == key), None)
            if found is None:
                raise Refusal("not_found", f"no such payment: {ref or key}")
            if found.state in ("open", "declined") and found.expires_at and self.clock.now() >= found.expires_at:
                self._close(found)
            return found

    def arrival(self, charge_ref: str, arrival_ref: str = "") -> Arrival:
        """:raises Refusal: not_found, wrong_state if nothing has arrived"""
        arrivals = self.charge(charge_ref).arrivals
        if not arrivals:
            raise Refusal("wrong_state", "nothing has arrived")
        for arrival in reversed(arrivals):
            if arrival_ref in ("", arrival.ref):
                return arrival
        raise Refusal("not_found", "no such arrival of money")

    def refunded(self, arrival: Arrival) -> int:
        rows = (row for row in self.refunds.values() if row.arrival_ref == arrival.ref and row.state != "failed")
        return sum(row.minor for row in rows)

    def refundable(self, arrival: Arrival) -> int:
        """What may still be sent back of an arrival: nothing while or after its payer's bank took it."""
        taken = any(row.arrival_ref == arrival.ref and row.state != "won" for row in self.disputes.values())
        return 0 if taken else arrival.minor - self.refunded(arrival)

    def balance(self, currency: str) -> int:
        """What lies on the account: all that came in less all that went out and was kept."""
        with self._lock:
            return sum(move.minor - move.fee for move in self.moves if move.currency == currency)

    def owe(self, kind: str, subject: str, charge: Charge | None, **data: Any) -> Event:
        """Put a notice on the list of those to be sent."""
        event = Event(
            id=number(self.prefixes["event"]), kind=kind, subject=subject, charge_ref=charge.ref if charge else "",
            at=self.clock.now(), url=charge.notify_url if charge else "", data=data,
        )  # fmt: skip
        self.events.append(event)
        return event

    def find(self, where: Callable[[Charge], bool]) -> list[Charge]:
        with self._lock:
            return [charge for charge in self.charges.values() if where(charge)]

    def _arrive(self, charge: Charge, minor: int, currency: str, method: str) -> Arrival:
        positive(minor)
        fee = (minor * self.fee_bps + 5_000) // 10_000
        arrival = Arrival(number(self.prefixes["arrival"]), charge.ref, minor, currency, fee, self.clock.now(), method)
        charge.arrivals.append(arrival)
        if charge.state != "closed":
            charge.state = "paid"
        self._move("payment", arrival.ref, charge.ref, minor, currency, fee=fee)
        self.owe("payment.paid", charge.ref, charge)
        return arrival

    def _close(self, charge: Charge) -> None:
        charge.state = "closed"
        self.owe("payment.closed", charge.ref, charge)

    def _move(self, kind: Any, subject: str, charge_ref: str, minor: int, currency: str, *, fee: int = 0) -> None:
        self.moves.append(
            Move(number(self.prefixes["move"]), kind, subject, charge_ref, minor, fee, currency, self.clock.now())
        )


def same(row: Charge | Refund, minor: int, currency: str) -> None:
    if (row.minor, row.currency) != (minor, currency):
        raise Refusal("key_reused", "the key was used for something else")


def positive(minor: int) -> None:
    if minor <= 0:
        raise Refusal("bad_amount")
