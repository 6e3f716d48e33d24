"""Orders and refunds at the pretended WeChat Pay."""

from __future__ import annotations

import re
from typing import Any

from escrow.fakepay.dialect import Request
from escrow.fakepay.entries import Charge, Refusal, number
from escrow.fakepay.wechat.desk import Desk
from escrow.fakepay.wechat.words import (
    LONG_NUMBER,
    OWN_NUMBER,
    No,
    fen,
    object_in,
    text,
    told_charge,
    told_refund,
    unix,
)


def create(desk: Desk, request: Request, match: re.Match[str]) -> dict[str, Any]:
    """ "Native下单" and "JSAPI下单": the same number with the same words is the same order."""
    body = object_in(request.body)
    desk.ours(mchid=body.get("mchid"), appid=text(body, "appid"))
    own = text(body, "out_trade_no", OWN_NUMBER)
    address = text(body, "notify_url", re.compile(r"\Ahttps?://[^?#]+\Z"))
    expires = unix(body["time_expire"]) if "time_expire" in body else None
    known = _known(desk, own)
    if known is None:
        if expires is not None and expires <= desk.book.clock.now():
            raise No(400, "PARAM_ERROR", "time_expire")
        amount = body.get("amount")
        if isinstance(amount, dict) and amount.get("currency", "CNY") != "CNY":
            raise No(400, "PARAM_ERROR", "currency")
        known = desk.book.open_charge(
            key=own, ref=own, minor=fen(amount, "total"), currency="CNY", notify_url=address,
            description=text(body, "description", most=127), expires_at=expires,
            data={"body": body, "code": number(""), "trade_type": match[1].upper()},
        )  # fmt: skip
    elif known.arrivals:
        raise No(400, "ORDERPAID")
    elif known.state == "closed":
        raise No(400, "ORDER_CLOSED")
    elif known.data["body"] != body:
        raise No(403, "OUT_TRADE_NO_USED")
    code = known.data["code"]
    return {"code_url": f"weixin://wxpay/bizpayurl?pr={code}"} if match[1] == "native" else {"prepay_id": f"wx{code}"}


def query(desk: Desk, request: Request, match: re.Match[str]) -> dict[str, Any]:
    desk.ours(mchid=dict(request.params).get("mchid"))
    charge = _known(desk, match[1])
    if charge is None:
        raise No(404, "ORDER_NOT_EXIST")
    return _told(desk, charge)


def query_by_id(desk: Desk, request: Request, match: re.Match[str]) -> dict[str, Any]:
    desk.ours(mchid=dict(request.params).get("mchid"))
    return _told(desk, desk.by_transaction(match[1]))


def close(desk: Desk, request: Request, match: re.Match[str]) -> None:
    desk.ours(mchid=object_in(request.body).get("mchid"))
    if _known(desk, match[1]) is None:
        raise No(404, "ORDER_NOT_EXIST")
    if desk.book.close(match[1]) == "already_paid":
        raise No(400, "ORDERPAID")


def refund(desk: Desk, request: Request, match: re.Match[str]) -> dict[str, Any]:
    """Needs the payment's whole amount beside the part that goes back."""
    body = object_in(request.body)
    amount = body.get("amount")
    charge = desk.by_transaction(body["transaction_id"]) if "transaction_id" in body else _known(
        desk, str(body.get("out_trade_no"))
    )  # fmt: skip
    if charge is None or not charge.arrivals:
        raise No(404, "RESOURCE_NOT_EXISTS")
    first = charge.arrivals[0]
    if fen(amount, "total") != first.minor:
        raise No(400, "INVALID_REQUEST", "total")
    if body["amount"].get("currency") != first.currency:
        raise No(400, "PARAM_ERROR", "currency")
    row = desk.book.refund(
        key=text(body, "out_refund_no", LONG_NUMBER), charge_ref=charge.ref, minor=fen(amount, "refund"),
        arrival_ref=first.ref, data={"reason": body.get("reason", "")},
    )  # fmt: skip
    return told_refund(row, charge)


def query_refund(desk: Desk, request: Request, match: re.Match[str]) -> dict[str, Any]:
    row = next((row for row in desk.book.refunds.values() if row.key == match[1]), None)
    if row is None:
        raise No(404, "RESOURCE_NOT_EXISTS")
    return told_refund(row, desk.book.charges[row.charge_ref])


def _known(desk: Desk, own: str) -> Charge | None:
    try:
        return desk.book.charge(key=own)
    except Refusal:
        return None


def _told(desk: Desk, charge: Charge) -> dict[str, Any]:
    has_refunds = any(row.charge_ref == charge.ref and row.state != "failed" for row in desk.book.refunds.values())
    return told_charge(charge, mchid=desk.keys.mchid, appid=desk.keys.appid, has_refunds=has_refunds)
