"""
The sandbox bank's own dialect: signed JSON to ``/<act>``, signed notices back.

The only one in which everything that can go wrong can be said: several arrivals in several currencies, declines,
disputes, payouts that come back. A payout to a number that ends in 0000 fails, one to 1111 waits for a decision.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urljoin

from escrow.fakepay.book import Book
from escrow.fakepay.dialect import Outgoing, Request, Response, answer
from escrow.fakepay.entries import Charge, Event, Move, Refund, Refusal, Transfer, number

PAYEE = "tashi-sandbox"
HEADER = "Sandbox-Bank-Signature"
TOLERANCE_SECONDS = 300
CHINA = timezone(timedelta(hours=8))
CURRENCY = "CNY"  # the closing balance is that of one currency
ENDINGS = {"0000": "failed", "1111": "pending"}
ANSWER_WITHIN_SECONDS = 7 * 24 * 3600
_FORM = re.compile(r"\At=(\d{1,12}),v1=([0-9a-f]{64})\Z", re.ASCII)
_TOLD = {"payment.paid": "payment.changed", "payment.declined": "payment.changed", "payment.again": "payment.opened"}
_KINDS = {
    "payment": "payment", "refund": "refund", "refund_failed": "refund", "payout": "payout",
    "payout_returned": "payout", "dispute": "chargeback", "dispute_won": "chargeback",
}  # fmt: skip
_BACK = {"refund_failed": "-back", "payout_returned": "-back", "dispute_won": "-won"}
Body = Mapping[str, Any]
Said = dict[str, Any]


def build(book: Book, values: Mapping[str, str]) -> Sandbox:
    return Sandbox(book, values)


class Sandbox:
    """``values``: secret."""

    outcomes = frozenset({
        "paid", "declined", "wrong_amount", "wrong_currency", "late", "twice", "reorder", "forged", "paid_twice",
        "chargeback", "chargeback_won", "chargeback_lost",
    })  # fmt: skip

    def __init__(self, book: Book, values: Mapping[str, str]) -> None:
        self.book = book
        self.secret = values.get("secret") or "sandbox-bank-secret"
        book.prefixes.update(arrival="MV", dispute="DP", event="evt-")

    def op(self, request: Request) -> str:
        return _OPS.get(request.path.strip("/"), "")

    def handle(self, request: Request) -> Response:
        """Every question must be signed and name its own act: a signature is good for one act only."""
        name = request.path.strip("/")
        if name not in ACTS:
            return answer({"reason": "no such act"}, 404)
        if not self._is_signed(request.body, request.headers.get(HEADER.lower(), "")):
            return answer({"reason": "bad signature"}, 401)
        try:
            body = json.loads(request.body)
            if body["act"] != name:
                return answer({"reason": "signed for another act"}, 409)
            with self.book.locked():
                return answer(ACTS[name](self, body))
        except Refusal as refusal:
            return answer({"reason": refusal.words}, 409)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return answer({"reason": "malformed"}, 400)

    # --- payments ---------------------------------------------------------------------------------------------------

    def create(self, body: Body) -> Said:
        minor, currency = _amount(body)
        charge = self.book.open_charge(
            key=str(body["key"]), minor=minor, currency=currency, ref=number("SB").upper(),
            description=_text(body, "description"), return_url=_text(body, "return_url"),
            notify_url=_text(body, "notify_url"),
        )  # fmt: skip
        page = f"/sandbox/pay/{charge.key.removeprefix('payment:')}/"
        return {"reference": charge.ref, "url": urljoin(charge.return_url, page)}

    def query(self, body: Body) -> Said:
        charge = self.book.charge(str(body["reference"]))
        rows = [
            {"ref": row.ref, "amount": _money(row.minor, row.currency), "at": iso(row.at)} for row in charge.arrivals
        ]
        return {"status": charge.state, "movements": rows, "payee": PAYEE, "reason": charge.reason}

    def close(self, body: Body) -> Said:
        return {"result": self.book.close(str(body["reference"]))}

    def query_dispute(self, body: Body) -> Said:
        row = self.book.disputes.get(str(body["ref"]))
        if row is None:
            raise Refusal("not_found", "no such dispute")
        return {
            "status": row.state, "at": iso(row.at), "answer_by": iso(row.at + ANSWER_WITHIN_SECONDS),
            "payment": row.charge_ref, "amount": _money(row.minor, row.currency), "reason": row.reason,
        }  # fmt: skip

    # --- refunds and payouts ----------------------------------------------------------------------------------------

    def refund(self, body: Body) -> Said:
        """Send money of one arrival back, at once; never more than arrived."""
        minor, currency = _amount(body)
        charge, arrival = self.book.charge(str(body["reference"])), str(body["movement_ref"])
        if not any((row.ref, row.currency) == (arrival, currency) for row in charge.arrivals):
            raise Refusal("not_found", "no such arrival of money")
        row = self.book.refund(
            key=str(body["key"]), charge_ref=charge.ref, minor=minor, arrival_ref=arrival, ref=number("RF").upper()
        )
        return _outcome(row)

    def query_refund(self, body: Body) -> Said:
        rows = self.book.refunds.values()
        return _outcome(next((row for row in rows if row.key == str(body["key"])), None))

    def payout(self, body: Body) -> Said:
        """Transfer to an account, also of money that lies at another provider: the operator sees to that."""
        minor, currency = _amount(body)
        last4, key = str(body["number"])[-4:], str(body["key"])
        data = {"bank": str(body["bank"])[:60], "holder": str(body["holder"])[:60], "last4": last4}
        row = self.book.payout(
            key=key, minor=minor, currency=currency, to=last4, ref=number("PO").upper(), data=data,
            mood=ENDINGS.get(last4, ""), may_owe=True,
        )  # fmt: skip
        return _outcome(row)

    def query_payout(self, body: Body) -> Said:
        rows = (row for row in self.book.transfers.values() if row.kind == "payout")
        return _outcome(next((row for row in rows if row.key == str(body["key"])), None))

    # --- the account ------------------------------------------------------------------------------------------------

    def balance(self, body: Body) -> Said:
        currency = str(body["currency"])[:3]
        minor = sum(row.minor - row.fee for row, _ in self._moved() if row.currency == currency)
        return {"amount": _money(minor, currency), "at": iso(self.book.clock.now())}

    def statement(self, body: Body) -> Said:
        """A day's movements, and what lay there at its end."""
        start = datetime.combine(date.fromisoformat(str(body["day"])), datetime.min.time(), CHINA).timestamp()
        end = start + 24 * 3600
        moved = [(row, at) for row, at in self._moved() if at < end]
        closing = sum(row.minor - row.fee for row, _ in moved if row.currency == CURRENCY)
        rows = sorted(
            (self._line(row, at) for row, at in moved if at >= start), key=lambda line: (line["at"], line["id"])
        )
        return {"day": body["day"], "rows": rows, "closing": _money(closing, CURRENCY)}

    def _moved(self) -> Iterator[tuple[Move, float]]:
        """What has really moved, and when: what waits for a decision has not, nor what then failed."""
        for move in self.book.moves:
            row = self.book.transfers.get(move.subject) or self.book.refunds.get(move.subject)
            if row is None:
                yield move, move.at
            elif row.state not in ("pending", "failed"):
                yield move, row.data.get("done_at", move.at) if move.kind == "payout" else move.at

    def _line(self, move: Move, at: float) -> Said:
        row = self.book.transfers.get(move.subject) or self.book.refunds.get(move.subject)
        named = row.key if row else move.charge_ref if move.kind == "payment" else move.subject
        return {
            "id": move.subject + _BACK.get(move.kind, ""), "kind": _KINDS.get(move.kind, "other"), "gross": move.minor,
            "fee": move.fee, "currency": move.currency, "reference": named, "at": iso(at),
        }  # fmt: skip

    # --- notices ----------------------------------------------------------------------------------------------------

    def notice(self, event: Event) -> Outgoing | None:
        is_dispute = event.kind.startswith("dispute.")
        if not is_dispute and event.kind not in _TOLD:
            return None
        charge = self.book.charges[event.charge_ref]
        kind = "dispute.changed" if is_dispute else _TOLD[event.kind]
        said = {"id": event.id, "type": kind, "payment": charge.ref, "key": charge.key}
        body = json.dumps(said | ({"dispute": event.subject} if is_dispute else {})).encode()
        return Outgoing({HEADER: self._signature(body, int(time.time())), "Content-Type": "application/json"}, body)

    def accepts(self, status: int, body: bytes) -> bool:
        return 200 <= status < 300

    def shop_values(self, base: str) -> Mapping[str, str]:
        return {"api_base": base, "secret": self.secret}

    def return_address(self, charge: Charge) -> str:
        return charge.return_url

    def _signature(self, body: bytes, at: int) -> str:
        mac = hmac.new(self.secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return f"t={at},v1={mac}"

    def _is_signed(self, body: bytes, header: str) -> bool:
        match = _FORM.match(header)
        if match is None or abs(time.time() - int(match[1])) > TOLERANCE_SECONDS:
            return False
        return hmac.compare_digest(self._signature(body, int(match[1])), header)


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, CHINA).isoformat()


def _text(body: Body, name: str) -> str:
    return str(body.get(name, ""))[:500]


def _money(minor: int, currency: str) -> Said:
    return {"minor": minor, "currency": currency}


def _amount(body: Body) -> tuple[int, str]:
    amount = body["amount"]
    minor, currency = int(amount["minor"]), str(amount["currency"])
    if minor <= 0 or len(currency) != 3:
        raise Refusal("bad_amount")
    return minor, currency


def _outcome(row: Refund | Transfer | None) -> Said:
    if row is None:
        return {"ref": "", "status": "unknown", "reason": ""}
    return {"ref": row.ref, "status": row.state, "reason": row.reason}


ACTS: Mapping[str, Callable[[Sandbox, Body], Said]] = {
    "create-payment": Sandbox.create,
    "query-payment": Sandbox.query,
    "close-payment": Sandbox.close,
    "refund": Sandbox.refund,
    "query-refund": Sandbox.query_refund,
    "payout": Sandbox.payout,
    "query-payout": Sandbox.query_payout,
    "balance": Sandbox.balance,
    "query-dispute": Sandbox.query_dispute,
    "statement": Sandbox.statement,
}
_OPS = {name: name.removesuffix("-payment").replace("-", "_") for name in ACTS}
