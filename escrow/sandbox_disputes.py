"""The sandbox bank's disputes: the payer wants his money back, and his bank takes it before it asks anybody."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from core import clock
from escrow.models import SandboxCharge

OUTCOMES = ("chargeback", "chargeback_won", "chargeback_lost")
ANSWER_WITHIN = timedelta(days=7)
REASON = "fraudulent"


def play(charge: SandboxCharge, outcome: str, *, minor: int | None, sent_back: int) -> str:
    """
    Do what was chosen for a locked charge; give the dispute's number, or nothing if there was nothing to do.

    A chargeback takes ``minor``, or all that arrived and was not sent back; never more than arrived.
    """
    rows = rows_of(charge)
    if outcome == "chargeback":
        most = charge.paid_minor - withheld(charge)
        amount = min(minor or most - sent_back, most)
        if is_open(charge) or amount <= 0:
            return ""
        now = clock.now()
        row = {
            "ref": f"DP{uuid.uuid4().hex[:14].upper()}", "minor": amount, "currency": charge.paid_currency,
            "status": "open", "at": now.isoformat(), "answer_by": (now + ANSWER_WITHIN).isoformat(),
        }  # fmt: skip
        _keep(charge, [*rows, row])
        return str(row["ref"])
    if not is_open(charge):
        return ""
    last = {**rows[-1], "status": outcome.removeprefix("chargeback_"), "closed_at": clock.now().isoformat()}
    _keep(charge, [*rows[:-1], last])
    return str(last["ref"])


def find(ref: str) -> dict[str, Any] | None:
    """A dispute as the bank's API tells of it."""
    for charge in SandboxCharge.objects.filter(kind="payment", data__has_key="disputes"):
        for row in rows_of(charge):
            if row["ref"] == ref:
                amount = {"minor": row["minor"], "currency": row["currency"]}
                said = {name: row[name] for name in ("status", "at", "answer_by")}
                return {**said, "payment": charge.reference, "amount": amount, "reason": REASON}
    return None


def is_open(charge: SandboxCharge) -> bool:
    return any(row["status"] == "open" for row in rows_of(charge))


def withheld(charge: SandboxCharge) -> int:
    """What the payer's bank has taken of a charge and not given back, in minor units."""
    return sum(row["minor"] for row in rows_of(charge) if row["status"] != "won")


def withheld_in_all(currency: str) -> int:
    charges = SandboxCharge.objects.filter(kind="payment", data__has_key="disputes", paid_currency=currency)
    return sum(withheld(charge) for charge in charges)


def rows_of(charge: SandboxCharge) -> list[dict[str, Any]]:
    """A charge's disputes, oldest first."""
    rows: list[dict[str, Any]] = charge.data.get("disputes", [])
    return rows


def _keep(charge: SandboxCharge, rows: list[dict[str, Any]]) -> None:
    charge.data = {**charge.data, "disputes": rows}
    charge.save(update_fields=["data"])
