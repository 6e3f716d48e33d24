"""
The Alipay dialect: signed forms to ``gateway.do``, signed nodes back, signed forms as notices.

The payer's browser opens a payment by the signed address of alipay.trade.page.pay; before that nobody has heard of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

from escrow.fakepay.alipay import bill, words
from escrow.fakepay.alipay.acts import METHODS, OPS, Acts, Failed
from escrow.fakepay.book import Book
from escrow.fakepay.dialect import Outgoing, Request, Response
from escrow.fakepay.entries import Charge, Event, Refusal

APP_ID = "2021000000000001"
SELLER_ID = "2088000000000001"
PAGE = "alipay.trade.page.pay"
MOST_SECONDS_OFF = 24 * 3600
MESSAGES = {"10000": "Success", "40002": "Invalid Arguments", "40004": "Business Failed"}


def build(book: Book, values: Mapping[str, str]) -> AlipayDialect:
    return AlipayDialect(book, values)


class AlipayDialect:
    """``values``: app_id, seller_id, private_key (the shop's), fakepay_private_key (Alipay's), royalty."""

    outcomes = frozenset({"paid", "wrong_amount", "late", "twice", "reorder", "forged"})

    def __init__(self, book: Book, values: Mapping[str, str]) -> None:
        self.book = book
        self.app_id = values.get("app_id") or APP_ID
        self.seller_id = values.get("seller_id") or SELLER_ID
        self.royalty = values.get("royalty", "freeze")
        self.shop_key = values.get("private_key") or words.key_pair("shop")[0]
        self.own_key = values.get("fakepay_private_key") or words.key_pair("alipay")[0]
        self.acts = Acts(book, seller_id=self.seller_id)

    # --- requests ---------------------------------------------------------------------------------------------------

    def op(self, request: Request) -> str:
        fields = _fields(request)
        if "refund_royalty_parameters" in fields.get("biz_content", ""):
            return "reverse_release"
        return OPS.get(fields.get("method", ""), "")

    def handle(self, request: Request) -> Response:
        if request.path == "/bill":
            return self._bill(request)
        fields = _fields(request)
        method = fields.get("method", "")
        wrong = self._wrong(fields)
        if method == PAGE:
            return self._page(request, fields, wrong)
        name = method.replace(".", "_") + "_response" if method in METHODS else "error_response"
        if wrong:
            node = _node("40002", wrong)
            unsigned = wrong == "isv.invalid-app-id"
            return Response(200, words.envelope(name, node, pem=None if unsigned else self.own_key))
        try:
            done = self.acts.do(method, _content(fields), request.base)
            node = _node("10000") | done
        except Failed as failure:
            node = _node("40004", str(failure))
        return Response(200, words.envelope(name, node, pem=self.own_key), "text/html;charset=utf-8")

    def _wrong(self, fields: Mapping[str, str]) -> str:
        """The sub_code for a request that is not ours to answer; empty if it is."""
        if fields.get("app_id") != self.app_id:
            return "isv.invalid-app-id"
        if fields.get("method") not in METHODS and fields.get("method") != PAGE:
            return "isv.invalid-method"
        if fields.get("sign_type") != "RSA2" or fields.get("charset") != "utf-8":
            return "isv.invalid-signature-type"
        try:
            if abs(words.seconds(fields.get("timestamp", "")) - time.time()) > MOST_SECONDS_OFF:
                return "isv.invalid-timestamp"
            _content(fields)
        except ValueError:
            return "isv.invalid-parameter"
        pem = words.public_of(self.shop_key)
        good = words.is_signed(words.joined(fields, "sign"), fields.get("sign", ""), pem=pem)
        return "" if good else "isv.invalid-signature"

    def _page(self, request: Request, fields: Mapping[str, str], wrong: str) -> Response:
        """Open the trade and send the browser to the page where it is paid."""
        try:
            if wrong:
                raise ValueError(wrong)
            charge = self.acts.open(
                _content(fields), notify_url=fields.get("notify_url", ""), return_url=fields.get("return_url", "")
            )
        except (ValueError, KeyError, TypeError, Refusal) as fault:
            return Response(400, str(fault).encode(), "text/plain; charset=utf-8")
        origin, room = request.base.rsplit("/", 1)
        return Response(302, b"", "text/html", {"Location": f"{origin}/page/{room}/{charge.ref}"})

    def _bill(self, request: Request) -> Response:
        asked = {name: texts[0] for name, texts in parse_qs(request.query).items()}
        if float(asked.get("until", 0)) < self.book.clock.now():
            return Response(403, b"expired", "text/plain")
        packed = bill.zipped(self.book, seller_id=self.seller_id, day=asked["day"])
        return Response(200, packed, "application/zip")

    # --- notices ----------------------------------------------------------------------------------------------------

    def notice(self, event: Event) -> Outgoing | None:
        if event.kind not in ("payment.paid", "payment.again", "refund.done") or not event.charge_ref:
            return None
        charge = self.book.charge(event.charge_ref)
        minor, at = (charge.arrivals[0].minor, charge.arrivals[0].at) if charge.arrivals else (charge.minor, event.at)
        now = time.time()  # when it was signed, whatever time the sandbox has
        fields = {
            "notify_time": words.stamp(now), "notify_type": "trade_status_sync", "notify_id": event.id,
            "app_id": self.app_id, "auth_app_id": self.app_id, "charset": "utf-8", "version": "1.0",
            "trade_no": charge.data["trade_no"], "out_trade_no": charge.key, "seller_id": self.seller_id,
            "buyer_id": "2088101117955611", "trade_status": self.acts.status(charge), "subject": charge.description,
            "total_amount": words.yuan(minor), "gmt_create": words.stamp(charge.created_at),
            "gmt_payment": words.stamp(at),
        }  # fmt: skip
        if event.kind == "refund.done":
            refund = self.book.refunds[event.subject]
            total = words.yuan(self.book.refunded(charge.arrivals[0]))
            fields |= {"gmt_refund": words.stamp(refund.at), "refund_fee": total, "out_biz_no": refund.data["no"]}
        return self.signed(fields)

    def signed(self, fields: Mapping[str, str]) -> Outgoing:
        """A notice of these fields."""
        sealed = {**fields, "sign_type": "RSA2", "sign": words.sign(words.joined(fields), pem=self.own_key)}
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        return Outgoing(headers, urlencode(sealed).encode())

    def accepts(self, status: int, body: bytes) -> bool:
        return status == 200 and body.strip() == b"success"

    def shop_values(self, base: str) -> Mapping[str, str]:
        return {
            "api_base": f"{base}/gateway.do",
            "app_id": self.app_id,
            "seller_id": self.seller_id,
            "private_key": self.shop_key,
            "alipay_public_key": words.public_of(self.own_key),
            "royalty": self.royalty,
        }

    def return_address(self, charge: Charge) -> str:
        return charge.return_url


def _fields(request: Request) -> dict[str, str]:
    return dict([*request.params, *(request.form if request.method == "POST" else [])])


def _content(fields: Mapping[str, str]) -> dict[str, Any]:
    """:raises ValueError: if it is no JSON object"""
    content = json.loads(fields.get("biz_content") or "{}")
    if not isinstance(content, dict):
        raise ValueError("biz_content is no object")
    return content


def _node(code: str, sub_code: str = "") -> dict[str, Any]:
    node = {"code": code, "msg": MESSAGES[code]}
    return node | {"sub_code": sub_code, "sub_msg": sub_code} if sub_code else node
