"""
The pretended provider's book: payments, refunds, transfers, disputes, and the notices it owes.

Each act is idempotent under its key and refuses the same key for something else. Every method may be called from any
thread. It knows nothing of orders, dialects or the shop.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Literal

from escrow.fakepay.account import positive, same
from escrow.fakepay.entries import Arrival, Charge, Dispute, Outcome, Refund, Refusal, number
from escrow.fakepay.transfers import Transfers

LATE_SECONDS = 2.0


class Book(Transfers):
    """The account of one shop at one provider, with all its acts."""

    # --- payments ---------------------------------------------------------------------------------------------------

    def open_charge(
        self, *, key: str, minor: int, currency: str, ref: str = "", notify_url: str = "", return_url: str = "",
        description: str = "", expires_at: float | None = None, data: Mapping[str, Any] | None = None,
    ) -> Charge:  # fmt: skip
        """
        Open a payment, or give the one that is there under this key.

        :raises Refusal: key_reused for another amount, bad_amount
        """
        with self._lock:
            known = next((charge for charge in self.charges.values() if charge.key == key), None)
            if known is not None:
                same(known, minor, currency)
                return known
            positive(minor)
            charge = Charge(
                key=key, ref=ref or number("ch"), minor=minor, currency=currency, created_at=self.clock.now(),
                notify_url=notify_url, return_url=return_url, description=description, expires_at=expires_at,
                data=dict(data or {}),
            )  # fmt: skip
            self.charges[charge.ref] = charge
            self.keep(charge)
            return charge

    def pay(
        self, ref: str, *, minor: int | None = None, currency: str = "", method: str = "", late: bool = False
    ) -> list[Arrival]:
        """
        Let the payer send money: what was asked for, unless told otherwise or the script says so.

        :raises Refusal: wrong_state if it is closed and the money is not meant to come late
        """
        with self._lock:
            charge = self.charge(ref)
            if charge.state == "closed" and not late:
                raise Refusal("wrong_state", "the payment is closed")
            wrong = self.faults.take("pay", among="wrong_amount")
            amount = wrong.minor or charge.minor - 1 or 2 if wrong else charge.minor if minor is None else minor
            times = 2 if self.faults.take("pay", among="twice") else 1
            return [self._arrive(charge, amount, currency or charge.currency, method) for _ in range(times)]

    def decline(self, ref: str, *, reason: str = "insufficient funds") -> Charge:
        """:raises Refusal: wrong_state if it is paid or closed"""
        with self._lock:
            charge = self.charge(ref)
            if charge.state not in ("open", "declined"):
                raise Refusal("wrong_state")
            charge.state, charge.reason = "declined", reason
            self.keep(charge)
            self.owe("payment.declined", charge.ref, charge)
            return charge

    def close(self, ref: str) -> Literal["closed", "already_paid"]:
        """Take no more money. With the mood ``late`` it comes right after this, as on slow rails."""
        with self._lock:
            charge = self.charge(ref)
            if charge.arrivals:
                return "already_paid"
            if charge.state != "closed":
                self._close(charge)
                if charge.data.get("late") or self.faults.take("close", among="late"):
                    self._arrive(charge, charge.minor, charge.currency, "")
                    for event in self.events[-2:]:  # the close and the money: told after whoever closes it is done
                        event.due_at = time.time() + LATE_SECONDS
                        self.keep(event)
            return "closed"

    # --- back to payers ---------------------------------------------------------------------------------------------

    def refund(
        self, *, key: str, charge_ref: str, minor: int, arrival_ref: str = "", ref: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> Refund:  # fmt: skip
        """
        Send money of one arrival back, never more than arrived. Without ``arrival_ref``: of the newest.

        :raises Refusal: key_reused, not_found, bad_amount, over_cap, wrong_state while it is disputed
        """
        with self._lock:
            known = next((row for row in self.refunds.values() if row.key == key), None)
            if known is not None:
                same(known, minor, known.currency)
                if charge_ref and known.charge_ref != charge_ref:
                    raise Refusal("key_reused")
                return known
            positive(minor)
            arrival = self.arrival(charge_ref, arrival_ref)
            if minor > self.refundable(arrival):
                raise Refusal("over_cap", "more than is left of what arrived")
            row = Refund(
                key=key, ref=ref or number("rf"), charge_ref=charge_ref, arrival_ref=arrival.ref, minor=minor,
                currency=arrival.currency, at=self.clock.now(), data=dict(data or {}),
            )  # fmt: skip
            self.refunds[row.ref] = row
            self._move("refund", row.ref, charge_ref, -minor, row.currency)
            mood = self.faults.take("refund", moods=frozenset({"pending", "failed", "pending_failed"}))
            row.state = "pending" if mood else "done"
            if mood is None:
                self.owe("refund.done", row.ref, self.charges[charge_ref])
            elif mood.mood == "failed":
                self.decide_refund(row.ref, "failed")
            else:
                row.data["fails"] = mood.mood == "pending_failed"
            self.keep(row)
            return row

    def decide_refund(self, ref: str, state: Outcome | None = None, *, reason: str = "account closed") -> Refund:
        """
        Let a pending refund go through or fail; a done one may still fail days later. None: as the script had it.

        :raises Refusal: not_found, wrong_state
        """
        with self._lock:
            row = self.refunds.get(ref)
            if row is None:
                raise Refusal("not_found")
            state = state or ("failed" if row.data.get("fails") else "done")
            if row.state == state or row.state == "failed":
                raise Refusal("wrong_state")
            row.state = state
            if state == "failed":
                row.reason = reason
                self._move("refund_failed", row.ref, row.charge_ref, row.minor, row.currency)
            self.keep(row)
            self.owe(f"refund.{state}", row.ref, self.charges[row.charge_ref])
            return row

    # --- payers' banks ----------------------------------------------------------------------------------------------

    def open_dispute(self, charge_ref: str, *, minor: int | None = None, reason: str = "fraudulent") -> Dispute:
        """
        Let the payer's bank take money of the newest arrival back.

        :raises Refusal: not_found, wrong_state
        """
        with self._lock:
            arrival = self.arrival(charge_ref)
            row = Dispute(
                ref=number(self.prefixes["dispute"]), charge_ref=charge_ref, arrival_ref=arrival.ref,
                minor=minor or arrival.minor, currency=arrival.currency, at=self.clock.now(), reason=reason,
            )  # fmt: skip
            self.disputes[row.ref] = row
            self.keep(row)
            self._move("dispute", row.ref, charge_ref, -row.minor, row.currency)
            self.owe("dispute.open", row.ref, self.charges[charge_ref])
            return row

    def decide_dispute(self, ref: str, state: Literal["won", "lost"]) -> Dispute:
        """:raises Refusal: not_found, wrong_state"""
        with self._lock:
            row = self.disputes.get(ref)
            if row is None or state not in ("won", "lost"):
                raise Refusal("not_found")
            if row.state != "open":
                raise Refusal("wrong_state")
            row.state, row.data["closed_at"] = state, self.clock.now()
            self.keep(row)
            if state == "won":
                self._move("dispute_won", row.ref, row.charge_ref, row.minor, row.currency)
            self.owe(f"dispute.{state}", row.ref, self.charges[row.charge_ref])
            return row
