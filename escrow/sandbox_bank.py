"""
The sandbox bank: the other side of the wire.

It keeps its own book and knows nothing of orders: charges by their key, arrivals of money, refunds and transfers, and
the notices it owes. Every call may be repeated under its key and is answered from the book.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.urls import reverse

from core import clock
from escrow import sandbox_disputes as disputes
from escrow.gateways.sandbox import PAYEE
from escrow.models import SandboxCharge
from escrow.sandbox_notices import notify
from escrow.sandbox_statement import fee_on, fees_in_all, statement

LATE_NOTICE_AFTER = timedelta(seconds=2)
ACCOUNT_CLOSED = "0000"  # a payout to a number with this ending fails
ACCOUNT_SLOW = "1111"  # a payout to a number with this ending waits for a click on the bank's page


class BankRefusal(Exception):
    """The bank says no; ``args[0]`` is its reason."""


# --- payments -----------------------------------------------------------------------------------------------------


def create_payment(body: Mapping[str, Any]) -> dict[str, Any]:
    """Open a charge, or give the one that is there under this key."""
    minor, currency = _amount(body)
    key = str(body["key"])
    data = {name: str(body.get(name, ""))[:500] for name in ("description", "return_url", "notify_url", "expires_at")}
    charge, _ = SandboxCharge.objects.get_or_create(
        kind="payment",
        key=key,
        defaults={
            "reference": f"SB{uuid.uuid4().hex[:14].upper()}",
            "amount_minor": minor, "currency": currency, "state": "open", "data": data, "created_at": clock.now(),
        },
    )  # fmt: skip
    if (charge.amount_minor, charge.currency) != (minor, currency):
        raise BankRefusal("key used for another amount")
    return {"reference": charge.reference, "url": settings.SITE_URL + page_of(charge)}


def page_of(charge: SandboxCharge) -> str:
    return reverse("sandbox:pay", args=[charge.key.removeprefix("payment:")])


def query_payment(body: Mapping[str, Any]) -> dict[str, Any]:
    charge = _charge("payment", reference=str(body["reference"]))
    movements = [
        {"ref": row["ref"], "amount": {"minor": row["minor"], "currency": row["currency"]}, "at": row["at"]}
        for row in charge.movements
    ]
    reason = charge.data.get("reason", "")
    return {"status": charge.state, "movements": movements, "payee": PAYEE, "reason": reason}


@transaction.atomic
def close_payment(body: Mapping[str, Any]) -> dict[str, Any]:
    """Take no more money. A payer who was told to be late pays right after this, as payers of slow rails do."""
    charge = _charge("payment", reference=str(body["reference"]), lock=True)
    if charge.movements:
        return {"result": "already_paid"}
    charge.state = "closed"
    charge.save(update_fields=["state"])
    if charge.data.get("late"):
        _arrive(charge, charge.amount_minor, charge.currency)
        notify(charge, after=LATE_NOTICE_AFTER)
    return {"result": "closed"}


# --- refunds and payouts --------------------------------------------------------------------------------------------


@transaction.atomic
def refund(body: Mapping[str, Any]) -> dict[str, Any]:
    """Send money of one arrival back, at once; never more than arrived."""
    minor, currency = _amount(body)
    known = SandboxCharge.objects.filter(kind="refund", key=str(body["key"])).first()
    if known is not None:
        if (known.amount_minor, known.currency) != (minor, currency):
            raise BankRefusal("key used for another amount")
        return _outcome(known)
    charge = _charge("payment", reference=str(body["reference"]), lock=True)
    movement = next((row for row in charge.movements if row["ref"] == body["movement_ref"]), None)
    if movement is None or movement["currency"] != currency:
        raise BankRefusal("no such arrival of money")
    before = SandboxCharge.objects.filter(kind="refund", data__movement_ref=movement["ref"]).exclude(state="failed")
    if disputes.is_open(charge):
        raise BankRefusal("in dispute")
    gone = sum(row.amount_minor for row in before) + disputes.withheld(charge)
    if gone + minor > movement["minor"]:
        raise BankRefusal("more than arrived")
    data = {"payment": charge.reference, "movement_ref": movement["ref"]}
    return _outcome(_transfer("refund", "RF", body, state="done", data=data))


def query_refund(body: Mapping[str, Any]) -> dict[str, Any]:
    return _outcome(SandboxCharge.objects.filter(kind="refund", key=str(body["key"])).first())


@transaction.atomic
def payout(body: Mapping[str, Any]) -> dict[str, Any]:
    """Transfer to an account: at once, unless the number's ending asks for trouble."""
    number = str(body["number"])
    known = SandboxCharge.objects.filter(kind="payout", key=str(body["key"])).first()
    if known is not None:
        return _outcome(known)
    state = {ACCOUNT_CLOSED: "failed", ACCOUNT_SLOW: "pending"}.get(number[-4:], "done")
    data = {"bank": str(body["bank"])[:60], "holder": str(body["holder"])[:60], "last4": number[-4:]}
    if state == "failed":
        data["reason"] = "account closed"
    return _outcome(_transfer("payout", "PO", body, state=state, data=data))


def query_payout(body: Mapping[str, Any]) -> dict[str, Any]:
    return _outcome(SandboxCharge.objects.filter(kind="payout", key=str(body["key"])).first())


@transaction.atomic
def decide(*, reference: str, state: str) -> bool:
    """Let a pending transfer go through or fail, or send back a payout that went through; False if it cannot be."""
    rows = SandboxCharge.objects.select_for_update().filter(reference=reference)
    rows = rows.filter(kind="payout", state="done") if state == "returned" else rows.filter(state="pending")
    charge = rows.first()
    if charge is None or state not in ("done", "failed", "returned"):
        return False
    at = {"returned_at" if state == "returned" else "done_at": clock.now().isoformat()}
    why = {"reason": "account closed"} if state == "returned" else {}
    charge.state, charge.data = state, {**charge.data, **at, **why}
    charge.save(update_fields=["state", "data"])
    return True


def _transfer(kind: str, prefix: str, body: Mapping[str, Any], *, state: str, data: dict[str, Any]) -> SandboxCharge:
    minor, currency = _amount(body)
    row, _ = SandboxCharge.objects.get_or_create(
        kind=kind,
        key=str(body["key"]),
        defaults={
            "reference": f"{prefix}{uuid.uuid4().hex[:14].upper()}",
            "amount_minor": minor, "currency": currency, "state": state, "data": data, "created_at": clock.now(),
        },
    )  # fmt: skip
    return row


def _outcome(row: SandboxCharge | None) -> dict[str, Any]:
    if row is None:
        return {"ref": "", "status": "unknown", "reason": ""}
    return {"ref": row.reference, "status": row.state, "reason": row.data.get("reason", "")}


def balance(body: Mapping[str, Any]) -> dict[str, Any]:
    """What lies on the shop's account: all that arrived, less what went out again."""
    currency = str(body["currency"])[:3]
    paid = SandboxCharge.objects.filter(kind="payment").exclude(movements=[])
    often = {"movements__1__isnull": False}  # several arrivals may be in several currencies
    once = paid.exclude(**often).filter(paid_currency=currency).aggregate(sum=Sum("paid_minor"))["sum"] or 0
    more = sum(
        row["minor"]
        for movements in paid.filter(**often).values_list("movements", flat=True)
        for row in movements
        if row["currency"] == currency
    )
    gone = SandboxCharge.objects.filter(kind__in=("refund", "payout"), state="done", currency=currency)
    out = gone.aggregate(sum=Sum("amount_minor"))["sum"] or 0
    out += disputes.withheld_in_all(currency) + fees_in_all(currency)
    return {"amount": {"minor": once + more - out, "currency": currency}, "at": clock.now().isoformat()}


def query_dispute(body: Mapping[str, Any]) -> dict[str, Any]:
    found = disputes.find(str(body["ref"]))
    if found is None:
        raise BankRefusal("no such dispute")
    return found


def statement_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """A day's movements, with the balance at its end worked back from what lies there now."""
    return statement(str(body["day"]), now_minor=balance({"currency": "CNY"})["amount"]["minor"])


ACTS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "create-payment": create_payment,
    "query-payment": query_payment,
    "close-payment": close_payment,
    "refund": refund,
    "query-refund": query_refund,
    "payout": payout,
    "query-payout": query_payout,
    "balance": balance,
    "query-dispute": query_dispute,
    "statement": statement_of,
}


# --- what the payer does on the hosted page ---------------------------------------------------------------------------

OUTCOMES = (
    "paid", "declined", "wrong_amount", "wrong_currency", "late", "twice", "reorder", "forged", "paid_twice",
    *disputes.OUTCOMES,
)  # fmt: skip


@transaction.atomic
def act(*, key: str, outcome: str, minor: int | None = None) -> SandboxCharge:
    """
    Do what the payer chose on the bank's page.

    :raises BankRefusal: for an unknown charge or outcome
    """
    charge = _charge("payment", key=key, lock=True)
    if outcome not in OUTCOMES:
        raise BankRefusal("unknown outcome")
    if outcome == "forged":
        notify(charge, event_id=f"forged-{uuid.uuid4().hex}")
    elif outcome == "late":
        _late(charge)
    elif outcome == "declined":
        _decline(charge)
    elif outcome in disputes.OUTCOMES:
        _dispute(charge, outcome, minor)
    else:
        _pay(charge, outcome, minor)
    return charge


def _dispute(charge: SandboxCharge, outcome: str, minor: int | None) -> None:
    """The payer's bank takes money back, or decides on what it took; a dispute that is not open is not decided."""
    sent_back = SandboxCharge.objects.filter(kind="refund", data__payment=charge.reference).exclude(state="failed")
    back = sent_back.aggregate(sum=Sum("amount_minor"))["sum"] or 0
    ref = disputes.play(charge, outcome, minor=minor, sent_back=back)
    if ref:
        notify(charge, kind="dispute.changed", dispute=ref)


def _late(charge: SandboxCharge) -> None:
    if charge.state == "closed" and not charge.movements:
        _arrive(charge, charge.amount_minor, charge.currency)
        notify(charge)
    elif charge.state != "closed" and not charge.movements:
        charge.data = {**charge.data, "late": True}
        charge.save(update_fields=["data"])


def _decline(charge: SandboxCharge) -> None:
    if charge.movements or charge.state == "closed":
        return
    charge.state, charge.data = "declined", {**charge.data, "reason": "insufficient funds"}
    charge.save(update_fields=["state", "data"])
    notify(charge)


def _pay(charge: SandboxCharge, outcome: str, minor: int | None) -> None:
    """Money arrives. Paying the full amount a second time needs ``paid_twice``: a double click is not a payment."""
    full = {"minor": charge.amount_minor, "currency": charge.currency}
    amount = minor if outcome == "wrong_amount" and minor else charge.amount_minor
    currency = charge.currency
    if outcome == "wrong_amount" and amount == charge.amount_minor:
        amount = charge.amount_minor - 1 or 2
    if outcome == "wrong_currency":
        currency = "USD" if charge.currency != "USD" else "CNY"
    is_full = {"minor": amount, "currency": currency} == full
    paid_before = any({"minor": row["minor"], "currency": row["currency"]} == full for row in charge.movements)
    if is_full and paid_before and outcome != "paid_twice":
        return
    _arrive(charge, amount, currency)
    event_id = notify(charge)
    if outcome == "paid_twice" and not paid_before:
        _arrive(charge, amount, currency)
        notify(charge)
    if outcome == "twice":
        notify(charge, event_id=event_id)
    if outcome == "reorder":
        notify(charge, kind="payment.opened")


def _arrive(charge: SandboxCharge, minor: int, currency: str) -> None:
    row = {
        "ref": f"MV{uuid.uuid4().hex[:14].upper()}", "minor": minor, "currency": currency, "at": clock.now().isoformat()
    }  # fmt: skip
    if fee := fee_on(minor):
        row["fee"] = fee
        charge.data = {**charge.data, "fee_minor": charge.data.get("fee_minor", 0) + fee}
    charge.movements = [*charge.movements, row]
    charge.paid_minor, charge.paid_currency = charge.paid_minor + minor, currency
    if charge.state != "closed":
        charge.state = "paid"
    charge.save(update_fields=["movements", "paid_minor", "paid_currency", "state", "data"])


def _charge(kind: str, *, key: str = "", reference: str = "", lock: bool = False) -> SandboxCharge:
    rows = SandboxCharge.objects.select_for_update() if lock else SandboxCharge.objects.all()
    wanted = {"key": key} if key else {"reference": reference}
    charge = rows.filter(kind=kind, **wanted).first()
    if charge is None:
        raise BankRefusal("no such charge")
    return charge


def _amount(body: Mapping[str, Any]) -> tuple[int, str]:
    amount = body["amount"]
    minor, currency = int(amount["minor"]), str(amount["currency"])
    if minor <= 0 or len(currency) != 3:
        raise BankRefusal("bad amount")
    return minor, currency
