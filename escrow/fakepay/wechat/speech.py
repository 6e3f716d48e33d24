"""Requests in WeChat Pay's words, answers signed by its platform key, and notices sealed for the shop."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from escrow.fakepay.book import Book
from escrow.fakepay.dialect import Outgoing, Request, Response
from escrow.fakepay.entries import Charge, Event, Refusal
from escrow.fakepay.wechat import money, orders
from escrow.fakepay.wechat.desk import Desk
from escrow.fakepay.wechat.keys import Keys
from escrow.fakepay.wechat.words import No, rfc3339, told_charge, told_refund, told_share, told_transfer

Act = Callable[[Desk, Request, re.Match[str]], dict[str, Any] | None]
_OUT = r"/v3/pay/transactions/out-trade-no/([^/]+)"
_BILLS = "/v3/fund-app/mch-transfer/transfer-bills"
ROUTES: tuple[tuple[str, str, str, Act], ...] = (
    ("POST", r"/v3/pay/transactions/(native|jsapi)", "create", orders.create),
    ("GET", _OUT, "query", orders.query),
    ("GET", r"/v3/pay/transactions/id/([^/]+)", "query", orders.query_by_id),
    ("POST", rf"{_OUT}/close", "close", orders.close),
    ("POST", r"/v3/refund/domestic/refunds", "refund", orders.refund),
    ("GET", r"/v3/refund/domestic/refunds/([^/]+)", "query_refund", orders.query_refund),
    ("POST", r"/v3/profitsharing/orders", "release", money.share),
    ("POST", r"/v3/profitsharing/orders/unfreeze", "unfreeze", money.unfreeze),
    ("GET", r"/v3/profitsharing/orders/([^/]+)", "query_release", money.query_share),
    ("GET", r"/v3/profitsharing/transactions/([^/]+)/amounts", "query_release", money.unsplit),
    ("POST", r"/v3/profitsharing/return-orders", "reverse_release", money.give_back),
    ("GET", r"/v3/profitsharing/return-orders/([^/]+)", "query_reversal", money.query_back),
    ("POST", _BILLS, "payout", money.transfer),
    ("GET", rf"{_BILLS}/out-bill-no/([^/]+)", "query_payout", money.query_transfer),
    ("GET", r"/v3/merchant/fund/balance/(BASIC|OPERATION|FEES)", "balance", money.balance),
    ("GET", r"/v3/bill/(tradebill|fundflowbill)", "statement", money.announce),
)
_FOUND = tuple((method, re.compile(rf"\A{path}\Z", re.ASCII), op, act) for method, path, op, act in ROUTES)
DOWNLOAD = "/v3/billdownload/file"
_REFUSALS = {
    "key_reused": (400, "INVALID_REQUEST"), "not_found": (404, "RESOURCE_NOT_EXISTS"),
    "bad_amount": (400, "PARAM_ERROR"), "over_cap": (403, "NOT_ENOUGH"), "wrong_state": (400, "INVALID_REQUEST"),
    "short_of_money": (403, "NOT_ENOUGH"),
}  # fmt: skip


class WeChat:
    """One merchant at the pretended WeChat Pay."""

    outcomes = frozenset({"paid", "declined", "wrong_amount", "late", "twice", "reorder", "forged"})

    def __init__(self, book: Book, keys: Keys) -> None:
        self.book = book
        self.keys = keys
        self.desk = Desk(book, keys)

    def op(self, request: Request) -> str:
        if request.path == DOWNLOAD:
            return "download"
        found = _act(request)
        return found[0] if found else ""

    def handle(self, request: Request) -> Response:
        address = f"{request.path}?{request.query}" if request.query else request.path
        given = request.headers.get("authorization", "")
        if not self.keys.may_ask(given, method=request.method, address=address, body=request.body):
            return Response(401, _said("SIGN_ERROR", "签名错误"))  # who has not signed gets no signature either
        if request.path == DOWNLOAD:
            return self._file(dict(request.params).get("token", ""))
        status, body = self._answer(request)
        return Response(status, body, headers=self.keys.signed(body))

    def _answer(self, request: Request) -> tuple[int, bytes]:
        found = _act(request)
        if found is None:
            return 404, _said("RESOURCE_NOT_EXISTS", "no such address")
        try:
            with self.book.locked():
                told = found[1](self.desk, request, found[2])
        except No as no:
            return no.status, _said(no.code, no.message)
        except Refusal as refusal:
            status, code = _REFUSALS[refusal.code]
            return status, _said(code, refusal.words)
        return (204, b"") if told is None else (200, json.dumps(told, ensure_ascii=False).encode())

    def _file(self, token: str) -> Response:
        """A bill: no signature, as at WeChat Pay; its hash came with the address."""
        raw = self.desk.files.get(token)
        return Response(404, _said("RESOURCE_NOT_EXISTS")) if raw is None else Response(200, raw, "text/plain")

    def notice(self, event: Event) -> Outgoing | None:
        found = self._content(event)
        if found is None:
            return None
        kind, label, content = found
        body = json.dumps(
            {
                "id": event.id,
                "create_time": rfc3339(event.at),
                "resource_type": "encrypt-resource",
                "event_type": kind,
                "summary": kind.lower(),
                "resource": self.keys.sealed(content, label=label),
            },
            ensure_ascii=False,
        ).encode()
        return Outgoing({"Content-Type": "application/json", **self.keys.signed(body)}, body)

    def _content(self, event: Event) -> tuple[str, str, dict[str, Any]] | None:
        """Event type, label and content of a notice."""
        book, who = self.book, {"mchid": self.keys.mchid}
        if event.kind in ("payment.paid", "payment.again"):
            told = told_charge(book.charges[event.charge_ref], **who, appid=self.keys.appid, has_refunds=False)
            return "TRANSACTION.SUCCESS", "transaction", told
        if event.kind in ("refund.done", "refund.failed"):
            told = told_refund(book.refunds[event.subject], book.charges[event.charge_ref])
            told["refund_status"] = told.pop("status")
            return f"REFUND.{told['refund_status']}", "refund", {**who, **told}
        if event.kind == "release.done":
            told = told_share(book.transfers[event.subject])
            return "TRANSACTION.SUCCESS", "profitsharing", {**who, **told, "receiver": told.pop("receivers")[0]}
        if event.kind.startswith("payout."):
            told = told_transfer(book.transfers[event.subject], mchid=self.keys.mchid)
            return "MCHTRANSFER.BILL.FINISHED", "mch_payment", told
        if event.kind.startswith("dispute."):
            what = "CREATE" if event.kind == "dispute.open" else "STATE_CHANGE"
            return f"COMPLAINT.{what}", "complaint", {"complaint_id": event.subject, "action_type": f"{what}_COMPLAINT"}
        return None

    def accepts(self, status: int, body: bytes) -> bool:
        """200 or 204, and not a body that says FAIL."""
        return status in (200, 204) and b'"FAIL"' not in body

    def shop_values(self, base: str) -> Mapping[str, str]:
        return self.keys.shop_values(base)

    def return_address(self, charge: Charge) -> str:
        return charge.return_url


def build(book: Book, values: Mapping[str, str]) -> WeChat:
    return WeChat(book, Keys.of(values))


def _act(request: Request) -> tuple[str, Act, re.Match[str]] | None:
    for method, form, op, act in _FOUND:
        match = form.match(request.path)
        if match and method == request.method:
            return op, act, match
    return None


def _said(code: str, message: str = "") -> bytes:
    return json.dumps({"code": code, "message": message or code}, ensure_ascii=False).encode()
