"""Profit sharing, transfers, the balance and the announcement of bills at the pretended WeChat Pay."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from escrow.fakepay.dialect import Request
from escrow.fakepay.entries import Charge, Transfer, number
from escrow.fakepay.wechat.bills import file_of
from escrow.fakepay.wechat.desk import Desk
from escrow.fakepay.wechat.words import (
    LETTERS,
    LONG_NUMBER,
    No,
    fen,
    object_in,
    text,
    told_return,
    told_share,
    told_transfer,
)

MOST_SHARES = 50


def share(desk: Desk, request: Request, match: re.Match[str]) -> dict[str, Any]:
    """ "请求分账": one receiver at a time is enough here."""
    body = object_in(request.body)
    charge = _frozen(desk, body)
    own = text(body, "out_order_no", LONG_NUMBER)
    receivers = body.get("receivers")
    if not isinstance(receivers, list) or len(receivers) != 1 or "unfreeze_unsplit" not in body:
        raise No(400, "PARAM_ERROR", "receivers")
    to = receivers[0]
    if to.get("type") == "PERSONAL_OPENID":
        desk.ours(mchid=desk.keys.mchid, appid=text(body, "appid"))
    if desk.book.clock.now() < charge.arrivals[0].at + desk.keys.shared_after_seconds:
        raise No(400, "INVALID_REQUEST", "too early")
    others = [row for row in desk.book.transfers.values() if (row.kind, row.charge_ref) == ("release", charge.ref)]
    if own not in [row.key for row in others] and len(others) >= MOST_SHARES:
        raise No(403, "RULE_LIMIT")
    row = desk.book.release(
        key=own, charge_ref=charge.ref, minor=fen(to, "amount"), to=text(to, "account", most=64),
        data={
            "transaction_id": charge.arrivals[0].ref, "description": text(to, "description", most=80),
            "type": text(to, "type"),
        },
    )  # fmt: skip
    if body["unfreeze_unsplit"]:
        charge.data["unfrozen"] = own
        desk.book.keep(charge)
    return told_share(row)


def query_share(desk: Desk, request: Request, match: re.Match[str]) -> dict[str, Any]:
    charge = desk.by_transaction(dict(request.params).get("transaction_id"))
    if charge.data.get("unfrozen") == match[1]:
        return _unfrozen(charge, match[1])
    return told_share(_transfer(desk, "release", match[1]))


def unfreeze(desk: Desk, request: Request, match: re.Match[str]) -> dict[str, Any]:
    body = object_in(request.body)
    own = text(body, "out_order_no", LONG_NUMBER)
    charge = desk.by_transaction(body.get("transaction_id"))
    if charge.data.get("unfrozen") != own:
        _frozen(desk, body)
    charge.data["unfrozen"] = own
    desk.book.keep(charge)
    return _unfrozen(charge, own)


def unsplit(desk: Desk, request: Request, match: re.Match[str]) -> dict[str, Any]:
    charge = desk.by_transaction(match[1])
    rest = 0 if "unfrozen" in charge.data else desk.book.releasable(charge.ref)
    return {"transaction_id": match[1], "unsplit_amount": rest}


def give_back(desk: Desk, request: Request, match: re.Match[str]) -> dict[str, Any]:
    body = object_in(request.body)
    release = _transfer(desk, "release", text(body, "out_order_no", LONG_NUMBER))
    if body.get("return_mchid") != release.to or release.data.get("type") != "MERCHANT_ID":
        raise No(400, "INVALID_REQUEST", "return_mchid")
    row = desk.book.reverse(
        key=text(body, "out_return_no", LONG_NUMBER), release_ref=release.ref, minor=fen(body, "amount"),
        data={"description": text(body, "description", most=80)},
    )  # fmt: skip
    return told_return(row, release)


def query_back(desk: Desk, request: Request, match: re.Match[str]) -> dict[str, Any]:
    row = _transfer(desk, "reversal", match[1])
    return told_return(row, desk.book.transfers[row.of])


def transfer(desk: Desk, request: Request, match: re.Match[str]) -> dict[str, Any]:
    """ "发起转账": the payee confirms in WeChat, unless the script is silent about it."""
    body = object_in(request.body)
    desk.ours(mchid=desk.keys.mchid, appid=text(body, "appid"))
    text(body, "transfer_scene_id")
    if not isinstance(body.get("transfer_scene_report_infos"), list):
        raise No(400, "PARAM_ERROR", "transfer_scene_report_infos")
    minor = fen(body, "transfer_amount")
    if ("user_name" in body and minor < 30) or ("user_name" not in body and minor >= 200_000):
        raise No(400, "PARAM_ERROR", "user_name")
    try:
        name = desk.keys.name_in(body["user_name"]) if "user_name" in body else ""
    except ValueError as fault:
        raise No(400, "PARAM_ERROR", "user_name") from fault
    row = desk.book.payout(
        key=text(body, "out_bill_no", LETTERS), minor=minor, currency="CNY", to=text(body, "openid", most=64),
        data={"name": name, "remark": text(body, "transfer_remark", most=32)},
    )  # fmt: skip
    return told_transfer(row, mchid=desk.keys.mchid)


def query_transfer(desk: Desk, request: Request, match: re.Match[str]) -> dict[str, Any]:
    row = next((row for row in desk.book.transfers.values() if (row.kind, row.key) == ("payout", match[1])), None)
    if row is None:
        raise No(404, "NOT_FOUND")
    return told_transfer(row, mchid=desk.keys.mchid)


def balance(desk: Desk, request: Request, match: re.Match[str]) -> dict[str, Any]:
    """Frozen is what may still be shared; the rest of the account can be drawn."""
    book = desk.book
    frozen = sum(book.releasable(row.ref) for row in book.find(_is_frozen)) if match[1] == "BASIC" else 0
    total = book.balance("CNY") if match[1] == "BASIC" else 0
    return {"available_amount": max(total - frozen, 0), "pending_amount": min(frozen, total)}


def announce(desk: Desk, request: Request, match: re.Match[str]) -> dict[str, Any]:
    """Where a day's bill lies, and its hash."""
    day = dict(request.params).get("bill_date", "")
    raw = file_of(desk, match[1], day)
    token = number("")
    desk.files[token] = raw
    return {
        "hash_type": "SHA1",
        "hash_value": hashlib.sha1(raw, usedforsecurity=False).hexdigest(),
        "download_url": f"{request.base}/v3/billdownload/file?token={token}",
    }


def _is_frozen(charge: Charge) -> bool:
    marked = charge.data.get("body", {}).get("settle_info", {}).get("profit_sharing")
    return bool(marked and charge.arrivals and "unfrozen" not in charge.data)


def _frozen(desk: Desk, body: dict[str, Any]) -> Charge:
    charge = desk.by_transaction(body.get("transaction_id"))
    if not _is_frozen(charge):
        raise No(403, "NOT_ENOUGH", "nothing of it is frozen")
    return charge


def _unfrozen(charge: Charge, own: str) -> dict[str, Any]:
    transaction = charge.arrivals[0].ref
    return {
        "transaction_id": transaction,
        "out_order_no": own,
        "order_id": f"u{transaction}",
        "state": "FINISHED",
        "receivers": [],
    }


def _transfer(desk: Desk, kind: str, own: str) -> Transfer:
    row = next((row for row in desk.book.transfers.values() if (row.kind, row.key) == (kind, own)), None)
    if row is None:
        raise No(404, "RESOURCE_NOT_EXISTS")
    return row
