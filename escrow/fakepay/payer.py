"""What a payer does on the sandbox's page, well or badly, at any dialect that can tell of it."""

from __future__ import annotations

from typing import Any

from escrow.fakepay.book import Book
from escrow.fakepay.dialect import Dialect
from escrow.fakepay.entries import Arrival, Charge, Dispute, Event, Refund, Refusal, Transfer
from escrow.fakepay.sandbox import ANSWER_WITHIN_SECONDS, iso

OUTCOMES = (
    "paid", "declined", "wrong_amount", "wrong_currency", "late", "twice", "reorder", "forged", "paid_twice",
    "chargeback", "chargeback_won", "chargeback_lost",
)  # fmt: skip


def outcomes(dialect: Dialect) -> list[str]:
    """What can happen there: some providers take money once only, or never tell of a decline."""
    can = getattr(dialect, "outcomes", frozenset({"paid"}))
    return [word for word in OUTCOMES if word in can]


def play(dialect: Dialect, ref: str, outcome: str, minor: int | None = None) -> Charge:
    """
    Do what the payer chose.

    :raises Refusal: not_found; bad_outcome: nothing this provider's payers can do
    """
    book = dialect.book
    with book.locked():
        charge = book.charge(ref)
        if outcome not in outcomes(dialect):
            raise Refusal("bad_outcome", "unknown outcome")
        if outcome == "forged":
            book.owe("payment.paid", charge.ref, charge, forged=True)
        elif outcome == "late":
            _late(book, charge)
        elif outcome == "declined":
            if charge.state in ("open", "declined"):
                book.decline(charge.ref)
        elif outcome.startswith("chargeback"):
            _dispute(book, charge, outcome, minor)
        else:
            _pay(dialect, charge, outcome, minor)
        return charge


def _late(book: Book, charge: Charge) -> None:
    if charge.arrivals:
        return
    if charge.state == "closed":
        book.pay(charge.ref, late=True)
    else:
        charge.data["late"] = True
        book.keep(charge)


def _pay(dialect: Dialect, charge: Charge, outcome: str, minor: int | None) -> None:
    """Money arrives. Paying the full amount a second time needs ``paid_twice``: a double click is not a payment."""
    book, full = dialect.book, (charge.minor, charge.currency)
    amount, currency = full
    if outcome == "wrong_amount":
        amount = minor or charge.minor
        amount = amount if amount != charge.minor else charge.minor - 1 or 2
    if outcome == "wrong_currency":
        currency = "USD" if charge.currency != "USD" else "CNY"
    paid_before = any((row.minor, row.currency) == full for row in charge.arrivals)
    takes_once = "paid_twice" not in outcomes(dialect)
    if (amount, currency) == full and paid_before and outcome != "paid_twice":
        return
    if takes_once and charge.arrivals:
        return
    before = len(book.events)
    book.pay(charge.ref, minor=amount, currency=currency, late=True)
    if outcome == "paid_twice" and not paid_before:
        book.pay(charge.ref, minor=amount, currency=currency, late=True)
    if outcome == "twice":
        book.events[before].data["copies"] = 2
        book.keep(book.events[before])
    if outcome == "reorder":
        book.owe("payment.again", charge.ref, charge)


def _dispute(book: Book, charge: Charge, outcome: str, minor: int | None) -> None:
    """The payer's bank takes money back, or decides on what it took; a dispute that is not open is not decided."""
    is_open = next(
        (row for row in book.disputes.values() if row.charge_ref == charge.ref and row.state == "open"), None
    )
    if outcome != "chargeback":
        if is_open is not None:
            book.decide_dispute(is_open.ref, "won" if outcome == "chargeback_won" else "lost")
        return
    if is_open is not None or not charge.arrivals:
        return
    arrival = charge.arrivals[-1]
    most = arrival.minor - book.withheld(arrival)
    amount = min(minor or most - book.refunded(arrival), most)
    if amount > 0:
        book.open_dispute(charge.ref, minor=amount)


# --- as the sandbox's pages show it -----------------------------------------------------------------------------------


def told(dialect: Dialect, charge: Charge) -> dict[str, Any]:
    """A payment with all that hangs on it."""
    book = dialect.book
    return {
        "kind": "payment", "dialect": book.name, "key": charge.key, "status": charge.state, "reference": charge.ref,
        "amount": {"minor": charge.minor, "currency": charge.currency}, "at": iso(charge.created_at),
        "movements": [_arrival(row) for row in charge.arrivals], "late": bool(charge.data.get("late")),
        "disputes": [_disputed(row) for row in book.disputes.values() if row.charge_ref == charge.ref],
        "notices": [_notice(row) for row in book.events if row.charge_ref == charge.ref and row.answers],
        "description": charge.description, "return_url": charge.return_url, "outcomes": outcomes(dialect),
    }  # fmt: skip


def book_of(dialect: Dialect) -> list[dict[str, Any]]:
    """Every payment, refund and payout of a book."""
    book = dialect.book
    rows = [told(dialect, charge) for charge in book.charges.values()]
    rows += [_sent(book, "refund", row) for row in book.refunds.values()]
    return rows + [_sent(book, "payout", row) for row in book.transfers.values() if row.kind != "reversal"]


def _sent(book: Book, kind: str, row: Refund | Transfer) -> dict[str, Any]:
    """A refund, or money that left for a merchant."""
    notices = [_notice(event) for event in book.events if event.subject == row.ref and event.answers]
    return {
        "kind": kind, "dialect": book.name, "key": row.key, "status": row.state, "reference": row.ref,
        "amount": {"minor": row.minor, "currency": row.currency}, "at": iso(row.at), "movements": [], "late": False,
        "disputes": [], "notices": notices, "bank": row.data.get("bank", ""),
        "last4": row.to[-4:] if isinstance(row, Transfer) else "",
    }  # fmt: skip


def _arrival(row: Arrival) -> dict[str, Any]:
    told = {"ref": row.ref, "minor": row.minor, "currency": row.currency, "at": iso(row.at)}
    return told | ({"fee": row.fee} if row.fee else {})


def _disputed(row: Dispute) -> dict[str, Any]:
    closed = row.data.get("closed_at")
    told = {
        "ref": row.ref, "minor": row.minor, "currency": row.currency, "status": row.state, "at": iso(row.at),
        "answer_by": iso(row.at + ANSWER_WITHIN_SECONDS),
    }  # fmt: skip
    return told | ({"closed_at": iso(closed)} if closed else {})


def _notice(row: Event) -> dict[str, Any]:
    return {"id": row.id, "tries": len(row.answers), "answer": row.answers[-1], "sent": row.is_done}
