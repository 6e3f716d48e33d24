"""
The sandbox bank's statement of a day: what moved on the shop's account, what the bank kept of it, and what lay there.

The bank keeps ``SANDBOX_FEE_BPS`` of each arrival; nothing unless told so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings

from core.money import share
from escrow.models import SandboxCharge
from escrow.statements.reading import CHINA

CURRENCY = "CNY"  # the closing balance is that of one currency
SLOW = timedelta(days=8)  # how long after a charge was opened its money may still move


def fee_on(minor: int) -> int:
    """What the bank keeps of an arrival, in minor units."""
    return share(minor, settings.SANDBOX_FEE_BPS)


def fees_in_all(currency: str) -> int:
    """What the bank has kept so far."""
    rows = SandboxCharge.objects.filter(kind="payment", data__has_key="fee_minor")
    return sum(
        row.get("fee", 0)
        for movements in rows.values_list("movements", flat=True)
        for row in movements
        if row["currency"] == currency
    )


def statement(day: str, *, now_minor: int) -> dict[str, Any]:
    """
    The statement of a day as JSON. ``now_minor``: what lies there now, from which the day's end is worked back.

    :raises ValueError: if it is no day
    """
    start = datetime.combine(date.fromisoformat(day), time(), CHINA)
    end = start + timedelta(days=1)
    rows, later = [], 0
    for row in _movements(since=start - SLOW):
        at = datetime.fromisoformat(row["at"])
        if start <= at < end:
            rows.append(row)
        elif at >= end and row["currency"] == CURRENCY:
            later += row["gross"] - row["fee"]
    rows.sort(key=lambda row: (row["at"], row["id"]))
    return {"day": day, "rows": rows, "closing": {"minor": now_minor - later, "currency": CURRENCY}}


def _movements(*, since: datetime) -> Iterator[dict[str, Any]]:
    for charge in SandboxCharge.objects.filter(created_at__gte=since).order_by("created_at", "pk").iterator():
        if charge.kind == "payment":
            for row in charge.movements:
                yield _row(row["ref"], "payment", row, charge.reference, fee=row.get("fee", 0))
            for row in charge.data.get("disputes", []):
                yield _row(row["ref"], "chargeback", row, row["ref"], sign=-1)
                if row.get("closed_at") and row["status"] == "won":
                    back = {**row, "at": row["closed_at"]}
                    yield _row(f"{row['ref']}-won", "chargeback", back, row["ref"])
        elif charge.state in ("done", "returned"):
            yield _row(charge.reference, charge.kind, _sent(charge), charge.key, sign=-1)
            if charge.state == "returned" and charge.data.get("returned_at"):
                back = {**_sent(charge), "at": charge.data["returned_at"]}
                yield _row(f"{charge.reference}-back", charge.kind, back, charge.key)


def _sent(charge: SandboxCharge) -> dict[str, Any]:
    at = charge.data.get("done_at") or charge.created_at.isoformat()
    return {"minor": charge.amount_minor, "currency": charge.currency, "at": at}


def _row(
    number: str, kind: str, money: dict[str, Any], reference: str, *, fee: int = 0, sign: int = 1
) -> dict[str, Any]:
    at = datetime.fromisoformat(money["at"]).astimezone(CHINA).isoformat()
    return {
        "id": number, "kind": kind, "gross": sign * money["minor"], "fee": fee, "currency": money["currency"],
        "reference": reference, "at": at,
    }  # fmt: skip
