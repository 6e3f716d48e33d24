"""The book's rows as Stripe shows them. Times are whole Unix seconds, currencies lower case."""

from __future__ import annotations

from typing import Any

from escrow.fakepay.book import Book
from escrow.fakepay.entries import Arrival, Charge, Dispute, Move, Refund, Transfer

ANSWER_WITHIN_SECONDS = 9 * 86_400
_SESSION = {"open": "open", "declined": "open", "paid": "complete", "closed": "expired"}
_REFUND = {"done": "succeeded", "pending": "pending", "failed": "failed", "returned": "failed"}
_DISPUTE = {"open": "needs_response", "won": "won", "lost": "lost"}
_TYPES = {
    "payment": ("charge", "charge"),
    "refund": ("refund", "refund"),
    "refund_failed": ("refund_failure", "refund_failure"),
    "release": ("transfer", "transfer"),
    "reversal": ("transfer_refund", "transfer_reversal"),
    "payout": ("transfer", "transfer"),
    "payout_returned": ("transfer_refund", "transfer_reversal"),
    "dispute": ("adjustment", "dispute"),
    "dispute_won": ("adjustment", "dispute_reversal"),
}


def session(book: Book, row: Charge, expand: frozenset[str] = frozenset()) -> dict[str, Any]:
    is_paid = bool(row.arrivals)
    deep = {path.removeprefix("payment_intent.") for path in expand if path.startswith("payment_intent.")}
    intent: Any = row.data["intent"] if row.arrivals or row.state == "declined" else None
    if intent and (deep or "payment_intent" in expand):
        intent = payment_intent(book, row, frozenset(deep))
    return {
        "id": row.ref,
        "object": "checkout.session",
        "amount_total": row.minor,
        "cancel_url": row.data["cancel_url"],
        "client_reference_id": row.data["client_reference_id"],
        "created": int(row.created_at),
        "currency": row.currency.lower(),
        "expires_at": int(row.expires_at or 0),
        "livemode": False,
        "metadata": row.data["metadata"],
        "mode": "payment",
        "payment_intent": intent,
        "payment_method_types": row.data["methods"],
        "payment_status": "paid" if is_paid else "unpaid",
        "status": _SESSION[row.state],
        "success_url": row.return_url,
        "url": row.data["url"] if row.state in ("open", "declined") else None,
    }


def payment_intent(book: Book, row: Charge, expand: frozenset[str] = frozenset()) -> dict[str, Any]:
    received = sum(arrival.minor for arrival in row.arrivals)
    latest: Any = row.arrivals[-1] if row.arrivals else None
    deep = {path.removeprefix("latest_charge.") for path in expand if path.startswith("latest_charge.")}
    if latest is not None:
        is_shown = bool(deep) or "latest_charge" in expand
        latest = charge(book, row, latest, frozenset(deep)) if is_shown else latest.ref
    failure = {"code": "card_declined", "message": row.reason, "type": "card_error"}
    waiting = "canceled" if row.state == "closed" else "requires_payment_method"
    return {
        "id": row.data["intent"],
        "object": "payment_intent",
        "amount": row.minor,
        "amount_received": received,
        "created": int(row.created_at),
        "currency": (row.arrivals[-1].currency if row.arrivals else row.currency).lower(),
        "description": row.description,
        "last_payment_error": failure if row.state == "declined" else None,
        "latest_charge": latest,
        "livemode": False,
        "metadata": row.data["intent_metadata"],
        "on_behalf_of": None,
        "status": "succeeded" if row.arrivals else waiting,
        "transfer_data": None,
        "transfer_group": row.data["transfer_group"],
    }


def charge(book: Book, row: Charge, arrival: Arrival, expand: frozenset[str] = frozenset()) -> dict[str, Any]:
    move = next(move for move in book.moves if move.subject == arrival.ref and move.kind == "payment")
    refunded = book.refunded(arrival)
    return {
        "id": arrival.ref,
        "object": "charge",
        "amount": arrival.minor,
        "amount_captured": arrival.minor,
        "amount_refunded": refunded,
        "balance_transaction": balance_transaction(move) if "balance_transaction" in expand else move.ref,
        "captured": True,
        "created": int(arrival.at),
        "currency": arrival.currency.lower(),
        "disputed": any(dispute.arrival_ref == arrival.ref for dispute in book.disputes.values()),
        "livemode": False,
        "metadata": row.data["intent_metadata"],
        "on_behalf_of": None,
        "paid": True,
        "payment_intent": row.data["intent"],
        "payment_method_details": {"type": arrival.method or row.data["methods"][0]},
        "refunded": refunded == arrival.minor,
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": row.data["transfer_group"],
    }


def refund(book: Book, row: Refund) -> dict[str, Any]:
    return {
        "id": row.ref,
        "object": "refund",
        "amount": row.minor,
        "charge": row.arrival_ref,
        "created": int(row.at),
        "currency": row.currency.lower(),
        "failure_reason": row.reason or None,
        "metadata": row.data.get("metadata", {}),
        "payment_intent": book.charges[row.charge_ref].data["intent"],
        "status": _REFUND[row.state],
    }


def transfer(book: Book, row: Transfer) -> dict[str, Any]:
    back = row.minor if row.state in ("failed", "returned") else book.reversed(row.ref)
    return {
        "id": row.ref,
        "object": "transfer",
        "amount": row.minor,
        "amount_reversed": back,
        "created": int(row.at),
        "currency": row.currency.lower(),
        "destination": row.to,
        "livemode": False,
        "metadata": row.data.get("metadata", {}),
        "reversed": back == row.minor,
        "source_transaction": row.data.get("source"),
        "transfer_group": row.data.get("group"),
    }


def reversal(row: Transfer) -> dict[str, Any]:
    return {
        "id": row.ref,
        "object": "transfer_reversal",
        "amount": row.minor,
        "created": int(row.at),
        "currency": row.currency.lower(),
        "metadata": row.data.get("metadata", {}),
        "transfer": row.of,
    }


def payout(row: Transfer) -> dict[str, Any]:
    states = {"done": "paid", "pending": "in_transit", "failed": "failed", "returned": "failed"}
    return {
        "id": row.ref,
        "object": "payout",
        "amount": row.minor,
        "created": int(row.at),
        "currency": row.currency.lower(),
        "failure_code": "account_closed" if row.state in ("failed", "returned") else None,
        "livemode": False,
        "metadata": row.data.get("metadata", {}),
        "status": states[row.state],
    }


def dispute(book: Book, row: Dispute) -> dict[str, Any]:
    return {
        "id": row.ref,
        "object": "dispute",
        "amount": row.minor,
        "charge": row.arrival_ref,
        "created": int(row.at),
        "currency": row.currency.lower(),
        "evidence_details": {"due_by": int(row.at) + ANSWER_WITHIN_SECONDS, "submission_count": 0},
        "livemode": False,
        "metadata": {},
        "payment_intent": book.charges[row.charge_ref].data["intent"],
        "reason": row.reason,
        "status": row.data.get("status") or _DISPUTE[row.state],
    }


def balance_transaction(row: Move) -> dict[str, Any]:
    kind, category = _TYPES[row.kind]
    return {
        "id": row.ref,
        "object": "balance_transaction",
        "amount": row.minor,
        "available_on": int(row.at),
        "created": int(row.at),
        "currency": row.currency.lower(),
        "description": None,
        "exchange_rate": None,
        "fee": row.fee,
        "fee_details": [],
        "net": row.minor - row.fee,
        "reporting_category": category,
        "source": row.subject,
        "status": "available",
        "type": kind,
    }


def balance(book: Book) -> dict[str, Any]:
    currencies = sorted({move.currency for move in book.moves}) or ["USD"]
    rows = [{"amount": book.balance(currency), "currency": currency.lower()} for currency in currencies]
    empty = [{"amount": 0, "currency": currency.lower()} for currency in currencies]
    return {"object": "balance", "available": rows, "livemode": False, "pending": empty}
