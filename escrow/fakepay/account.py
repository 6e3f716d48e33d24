"""What all acts at the pretended provider share: rows, one lock, the clock, the account and the notices owed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from escrow.fakepay.entries import (
    KINDS,
    Arrival,
    Charge,
    Dispute,
    Event,
    Move,
    Refund,
    Refusal,
    Transfer,
    number,
    read_charge,
)
from escrow.fakepay.faults import Faults
from escrow.fakepay.store import Store


class Clock:
    """Real time plus an offset: moved by the control doors, or by a shop that tells what time it has."""

    def __init__(self) -> None:
        self.offset_seconds = 0.0
        self._told = 0.0

    def now(self) -> float:
        return max(self._told, time.time() + self.offset_seconds)

    def tell(self, now: float) -> None:
        """Go by the shop's clock from now on; its time machine may have moved it."""
        self.offset_seconds = now - time.time()
        self._told = now


class Account:
    """
    The account of one shop at one provider; ``Book`` adds the acts. ``fee_bps``: what is kept of each arrival.

    Whoever changes a row says ``keep``, so that it outlives the process. ``name``: whose rows they are in the store.
    """

    def __init__(
        self, *, faults: Faults, clock: Clock, fee_bps: int = 0, store: Store | None = None, name: str = ""
    ) -> None:
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
        self.answered: dict[str, list[Any]] = {}  # what a dialect has said under a key, if it must say it again
        self.name = name
        self._places: dict[str, int] = {}  # of moves and events in their lists
        self._lock = store or Store()
        self._lock.attach(name, self._read)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep everybody else out, for a dialect that reads and then acts."""
        with self._lock:
            yield

    def keep(self, row: Charge | Refund | Transfer | Dispute | Move | Event) -> None:
        """Have a row that was made or changed written down."""
        ref = row.id if isinstance(row, Event) else row.ref
        self._lock.keep(self.name, KINDS[type(row)], ref, row)

    def answer_again(self, key: str, said: list[Any]) -> None:
        """Remember what was said under a key; plain JSON."""
        self.answered[key] = said
        self._lock.keep(self.name, "answer", key, said)

    def _read(self, kind: str, ref: str, body: Any) -> None:
        """Take a row in that another process has written, or this one before it was started anew."""
        if kind == "answer":
            self.answered[ref] = body
        elif kind == "charge":
            self.charges[ref] = read_charge(body)
        elif kind == "move":
            self._put(self.moves, ref, Move(**body))
        elif kind == "event":
            self._put(self.events, ref, Event(**body))
        else:
            self._read_row(kind, ref, body)

    def _read_row(self, kind: str, ref: str, body: Mapping[str, Any]) -> None:
        if kind == "refund":
            self.refunds[ref] = Refund(**body)
        elif kind == "transfer":
            self.transfers[ref] = Transfer(**body)
        elif kind == "dispute":
            self.disputes[ref] = Dispute(**body)

    def _put(self, rows: list[Any], ref: str, row: Move | Event) -> None:
        place = self._places.setdefault(ref, len(rows))
        rows[place : place + 1] = [row]

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
        """What may still be sent back of an arrival: nothing while its payer's bank takes it, nor what that has got."""
        if any(row.arrival_ref == arrival.ref and row.state == "open" for row in self.disputes.values()):
            return 0
        return arrival.minor - self.refunded(arrival) - self.withheld(arrival)

    def withheld(self, arrival: Arrival) -> int:
        """What the payer's bank has taken of an arrival and not given back."""
        rows = self.disputes.values()
        return sum(row.minor for row in rows if row.arrival_ref == arrival.ref and row.state != "won")

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
        self._put(self.events, event.id, event)
        self.keep(event)
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
        self.keep(charge)
        self._move("payment", arrival.ref, charge.ref, minor, currency, fee=fee)
        self.owe("payment.paid", charge.ref, charge)
        return arrival

    def _close(self, charge: Charge) -> None:
        charge.state = "closed"
        self.keep(charge)
        self.owe("payment.closed", charge.ref, charge)

    def _move(self, kind: Any, subject: str, charge_ref: str, minor: int, currency: str, *, fee: int = 0) -> None:
        move = Move(number(self.prefixes["move"]), kind, subject, charge_ref, minor, fee, currency, self.clock.now())
        self._put(self.moves, move.ref, move)
        self.keep(move)


def same(row: Charge | Refund, minor: int, currency: str) -> None:
    if (row.minor, row.currency) != (minor, currency):
        raise Refusal("key_reused", "the key was used for something else")


def positive(minor: int) -> None:
    if minor <= 0:
        raise Refusal("bad_amount")
