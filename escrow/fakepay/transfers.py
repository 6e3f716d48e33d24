"""Money that leaves the pretended provider for merchants, and comes back from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from escrow.fakepay.account import Account, positive
from escrow.fakepay.entries import Outcome, Refusal, Transfer, number


class Transfers(Account):
    """Releases of one payment, payouts of the balance, reversals of both."""

    def release(
        self, *, key: str, charge_ref: str, minor: int, to: str, ref: str = "", counts_refunds: bool = True,
        data: Mapping[str, Any] | None = None,
    ) -> Transfer:  # fmt: skip
        """
        Let go of a part of one payment, to a merchant's account there.

        :raises Refusal: key_reused, not_found, bad_amount, over_cap: released (and refunded) more than arrived
        """
        with self._lock:
            known = self._known("release", key, minor, to)
            if known is not None:
                return known
            arrival = self.arrival(charge_ref)
            if minor > self.releasable(charge_ref, counts_refunds=counts_refunds):
                raise Refusal("over_cap", "more than is left of the payment")
            return self._transfer("release", key, ref, minor, arrival.currency, to, charge_ref, "", data)

    def releasable(self, charge_ref: str, *, counts_refunds: bool = True) -> int:
        arrivals = self.charge(charge_ref).arrivals
        gone = sum(self.refunded(arrival) for arrival in arrivals) if counts_refunds else 0
        of_it = [row for row in self.transfers.values() if row.charge_ref == charge_ref and row.state != "failed"]
        gone += sum(row.minor if row.kind == "release" else -row.minor for row in of_it)
        return sum(arrival.minor for arrival in arrivals) - gone

    def reverse(
        self, *, key: str, release_ref: str, minor: int, ref: str = "", data: Mapping[str, Any] | None = None
    ) -> Transfer:
        """
        Take a part of a release, or of a payout to an account at the provider, back.

        :raises Refusal: key_reused, not_found, bad_amount, over_cap
        """
        with self._lock:
            known = self._known("reversal", key, minor, None)
            if known is not None:
                return known
            release = self.transfers.get(release_ref)
            if release is None or release.kind == "reversal":
                raise Refusal("not_found")
            if minor > release.minor - self.reversed(release_ref):
                raise Refusal("over_cap", "more than was released")
            return self._transfer(
                "reversal", key, ref, minor, release.currency, release.to, release.charge_ref, release_ref, data
            )

    def reversed(self, release_ref: str) -> int:
        return sum(row.minor for row in self.transfers.values() if row.of == release_ref and row.state != "failed")

    def payout(
        self, *, key: str, minor: int, currency: str, to: str, ref: str = "", data: Mapping[str, Any] | None = None,
        mood: str = "", may_owe: bool = False,
    ) -> Transfer:  # fmt: skip
        """
        Send money of the balance away. ``mood``: pending or failed; ``may_owe``: the balance may go below zero.

        :raises Refusal: key_reused, bad_amount, short_of_money
        """
        with self._lock:
            known = self._known("payout", key, minor, to)
            if known is not None:
                return known
            if minor > self.balance(currency) and not may_owe:
                raise Refusal("short_of_money", "the balance is too low")
            return self._transfer("payout", key, ref, minor, currency, to, "", "", data, mood=mood)

    def transfer(self, kind: str, *, key: str) -> Transfer:
        """:raises Refusal: not_found"""
        with self._lock:
            for row in self.transfers.values():
                if (row.kind, row.key) == (kind, key):
                    return row
        raise Refusal("not_found")

    def decide_transfer(self, ref: str, state: Outcome, *, reason: str = "account closed") -> Transfer:
        """
        Let a pending transfer go through or fail, or a done one come back.

        :raises Refusal: not_found, wrong_state
        """
        with self._lock:
            row = self.transfers.get(ref)
            if row is None:
                raise Refusal("not_found")
            allowed = {"pending": ("done", "failed"), "done": ("returned",)}
            if state not in allowed.get(row.state, ()):
                raise Refusal("wrong_state")
            row.state, row.data["decided_at"] = state, self.clock.now()
            if state in ("failed", "returned"):
                row.reason = reason
                self._move("payout_returned", row.ref, row.charge_ref, row.minor, row.currency)
            else:
                row.data["done_at"] = self.clock.now()
            self.keep(row)
            charge = self.charges.get(row.charge_ref)
            self.owe(f"{row.kind}.{state}", row.ref, charge)
            return row

    def _known(self, kind: str, key: str, minor: int, to: str | None) -> Transfer | None:
        positive(minor)
        for row in self.transfers.values():
            if (row.kind, row.key) == (kind, key):
                if row.minor != minor or to not in (None, row.to):
                    raise Refusal("key_reused")
                return row
        return None

    def _transfer(
        self, kind: Literal["release", "payout", "reversal"], key: str, ref: str, minor: int, currency: str, to: str,
        charge_ref: str, of: str, data: Mapping[str, Any] | None, *, mood: str = "",
    ) -> Transfer:  # fmt: skip
        row = Transfer(
            kind=kind, key=key, ref=ref or number("tr"), minor=minor, currency=currency, at=self.clock.now(), to=to,
            charge_ref=charge_ref, of=of, data=dict(data or {}),
        )  # fmt: skip
        self.transfers[row.ref] = row
        self._move(kind, row.ref, charge_ref, minor if kind == "reversal" else -minor, currency)
        fault = None if mood else self.faults.take(kind, moods=frozenset({"pending", "failed", "returned"}))
        mood = fault.mood if fault else mood
        row.state = "pending" if mood and mood != "returned" else "done"
        self.keep(row)
        if mood and mood != "pending":
            self.decide_transfer(row.ref, "failed" if mood == "failed" else "returned")
        elif not mood:
            self.owe(f"{kind}.done", row.ref, self.charges.get(charge_ref))
        return row
