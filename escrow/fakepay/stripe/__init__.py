"""
The pretended provider's Stripe: checkout, refunds, transfers, disputes, balance, with Stripe's idempotency.

What a key has been answered it is answered again; with other parameters it is refused. Field names and shapes:
docs.stripe.com/api, version 2024-06-20.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from escrow.fakepay.book import Book
from escrow.fakepay.dialect import Outgoing, Request, Response, answer
from escrow.fakepay.entries import Charge, Event, Refusal
from escrow.fakepay.stripe import objects
from escrow.fakepay.stripe.acts import DOORS, Call
from escrow.fakepay.stripe.forms import StripeError, canonical, error_of, nested

VERSION = "2024-06-20"
# What happened in the book → the type of Stripe's event and the object it carries.
_EVENTS = {
    "payment.paid": ("checkout.session.completed", "session"),
    "payment.again": ("checkout.session.completed", "session"),
    "payment.declined": ("checkout.session.async_payment_failed", "session"),
    "payment.closed": ("checkout.session.expired", "session"),
    "refund.done": ("refund.updated", "refund"),
    "refund.failed": ("refund.failed", "refund"),
    "dispute.open": ("charge.dispute.created", "dispute"),
    "dispute.won": ("charge.dispute.closed", "dispute"),
    "dispute.lost": ("charge.dispute.closed", "dispute"),
    "release.done": ("transfer.created", "transfer"),
    "payout.done": ("transfer.created", "transfer"),
    "payout.returned": ("transfer.reversed", "transfer"),
}


def build(book: Book, values: Mapping[str, str]) -> StripeDialect:
    return StripeDialect(book, values)


def signature(body: bytes, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


class StripeDialect:
    """``values``: secret_key, webhook_secret, account; made up where they are missing."""

    outcomes = frozenset({
        "paid", "declined", "wrong_amount", "wrong_currency", "late", "twice", "reorder", "forged", "paid_twice",
        "chargeback", "chargeback_won", "chargeback_lost",
    })  # fmt: skip

    def __init__(self, book: Book, values: Mapping[str, str]) -> None:
        self.book = book
        self.secret_key = values.get("secret_key") or "sk_test_fakepay"
        self.webhook_secret = values.get("webhook_secret") or "whsec_fakepay"
        self.account = values.get("account") or "acct_1fakepay"
        self.version = VERSION
        book.prefixes.update(arrival="ch_", dispute="dp_", move="txn_")

    def op(self, request: Request) -> str:
        found = door(request)
        if found is None:
            return ""
        op = found[0]
        return "release" if op == "payout" and b"source_transaction=" in request.body else op

    def handle(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.secret_key}":
            return StripeError("", "Invalid API Key provided", status=401).as_answer()
        found = door(request)
        if found is None:
            words = f"Unrecognized request URL ({request.method}: {request.path})."
            return StripeError("", words, status=404).as_answer()
        try:
            params = nested(request.params + request.form if request.method == "POST" else request.params)
        except (TypeError, AttributeError):
            return StripeError("parameter_invalid", "Invalid fields").as_answer()
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        origin, _, name = request.base.rpartition("/")
        call = Call(self.book, params, found[2], key, f"{origin}/page/{name}/")
        with self.book.locked():
            return self._once(call, found[1], request, key) if key else self._act(call, found[1])[0]

    def notice(self, event: Event) -> Outgoing | None:
        if event.kind not in _EVENTS:
            return None
        body = json.dumps(self.event(event)).encode()
        at = int(time.time())
        signed = f"t={at},v1={signature(body, self.webhook_secret, at)}"
        return Outgoing({"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signed}, body)

    def event(self, event: Event) -> dict[str, Any]:
        """The event as it is sent; its object as it stands now."""
        kind, what = _EVENTS[event.kind]
        with self.book.locked():
            shown: Any = {
                "session": lambda: objects.session(self.book, self.book.charge(event.subject)),
                "refund": lambda: objects.refund(self.book, self.book.refunds[event.subject]),
                "dispute": lambda: objects.dispute(self.book, self.book.disputes[event.subject]),
                "transfer": lambda: objects.transfer(self.book, self.book.transfers[event.subject]),
            }[what]()
        return {
            "id": event.id, "object": "event", "api_version": self.version, "created": int(event.at),
            "data": {"object": shown}, "livemode": False, "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None}, "type": kind,
        }  # fmt: skip

    def accepts(self, status: int, body: bytes) -> bool:
        return 200 <= status < 300

    def shop_values(self, base: str) -> Mapping[str, str]:
        return {
            "api_base": base, "secret_key": self.secret_key, "webhook_secret": self.webhook_secret,
            "account": self.account, "methods": "card,alipay,wechat_pay",
        }  # fmt: skip

    def return_address(self, charge: Charge) -> str:
        cancelled: str = charge.data.get("cancel_url") or charge.return_url
        return charge.return_url if charge.arrivals else cancelled

    def _once(self, call: Call, act: Callable[[Call], dict[str, Any]], request: Request, key: str) -> Response:
        asked = canonical(call.params)
        known = self.book.answered.get(key)
        if known is not None:
            if known[:2] != [request.path, asked]:
                words = (
                    "Keys for idempotent requests can only be used with the same parameters they were first used with."
                )
                return StripeError("", words, kind="idempotency_error").as_answer()
            return Response(known[2], known[3].encode(), headers={"Idempotent-Replayed": "true"})
        given, is_final = self._act(call, act)
        if is_final:
            self.book.answer_again(key, [request.path, asked, given.status, given.body.decode()])
        return given

    def _act(self, call: Call, act: Callable[[Call], dict[str, Any]]) -> tuple[Response, bool]:
        """The answer, and whether it is kept under its key."""
        try:
            return answer(act(call)), True
        except Refusal as refusal:
            return error_of(refusal).as_answer(), True
        except StripeError as error:
            return error.as_answer(), error.is_final


def door(request: Request) -> tuple[str, Callable[[Call], dict[str, Any]], list[str]] | None:
    """The act of an address, with the numbers in it; None if there is none."""
    parts = request.path.strip("/").split("/")
    if parts[:1] != ["v1"]:
        return None
    for (method, pattern), (op, act) in DOORS.items():
        wanted = pattern.split("/")
        if method == request.method and len(wanted) == len(parts) - 1:
            pairs = list(zip(wanted, parts[1:], strict=True))
            if all(name in ("*", part) for name, part in pairs):
                return op, act, [part for name, part in pairs if name == "*"]
    return None
