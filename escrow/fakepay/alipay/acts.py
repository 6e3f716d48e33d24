"""What each method of the pretended gateway does with the book, and the node it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from escrow.fakepay.alipay import words
from escrow.fakepay.book import Book
from escrow.fakepay.entries import Charge, Refund, Refusal, Transfer

CURRENCY = "CNY"
Node = dict[str, Any]
Content = Mapping[str, Any]


class Failed(Exception):
    """A business failure: ``args[0]`` is the sub_code."""


CODES = {
    "key_reused": "ACQ.DISCORDANT_REPEAT_REQUEST",
    "not_found": "ACQ.TRADE_NOT_EXIST",
    "bad_amount": "ACQ.INVALID_PARAMETER",
    "over_cap": "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
    "wrong_state": "ACQ.TRADE_STATUS_ERROR",
    "short_of_money": "PAYER_BALANCE_NOT_ENOUGH",
}


class Acts:
    """The methods of one account. ``seller_id`` is who it belongs to."""

    def __init__(self, book: Book, *, seller_id: str) -> None:
        self.book = book
        self.seller_id = seller_id

    def do(self, method: str, content: Content, base: str) -> Node:
        """
        :raises Failed: with the sub_code
        """
        act = METHODS[method]
        try:
            with self.book.locked():
                return act(self, {**content, "_base": base})
        except Refusal as refusal:
            code = CODES[refusal.code]
            raise Failed(code.removeprefix("ACQ.") if method.startswith("alipay.fund") else code) from refusal
        except (KeyError, TypeError, ValueError) as fault:
            raise Failed("ACQ.INVALID_PARAMETER") from fault

    # --- trades -----------------------------------------------------------------------------------------------------

    def open(self, content: Content, *, notify_url: str, return_url: str) -> Charge:
        """What the payer's browser brings from alipay.trade.page.pay."""
        number = str(content["out_trade_no"])
        extra = content.get("extend_params") or {}
        expires = content.get("time_expire")
        return self.book.open_charge(
            key=number, ref=number, minor=words.fen(content["total_amount"]), currency=CURRENCY,
            notify_url=notify_url, return_url=return_url, description=str(content["subject"]),
            expires_at=words.seconds(str(expires)) if expires else None,
            data={"trade_no": words.digits(self.book.clock.now()), "frozen": extra.get("royalty_freeze") == "true",
                  "confirmed": {}},
        )  # fmt: skip

    def trade(self, content: Content) -> Charge:
        """Find a trade by Alipay's number, which goes first, or the shop's."""
        if content.get("trade_no"):
            found = self.book.find(lambda charge: charge.data["trade_no"] == content["trade_no"])
            if not found:
                raise Refusal("not_found")
            return found[0]
        return self.book.charge(str(content["out_trade_no"]))

    def status(self, charge: Charge) -> str:
        if charge.arrivals:
            left = charge.arrivals[0].minor - self.book.refunded(charge.arrivals[0])
            return "TRADE_SUCCESS" if left > 0 else "TRADE_CLOSED"
        return "TRADE_CLOSED" if charge.state == "closed" else "WAIT_BUYER_PAY"

    def query(self, content: Content) -> Node:
        charge = self.trade(content)
        minor = charge.arrivals[0].minor if charge.arrivals else charge.minor
        node = {
            **_numbers(charge), "trade_status": self.status(charge), "total_amount": words.yuan(minor),
            "buyer_logon_id": "159****5620", "buyer_user_id": "2088101117955611",
        }  # fmt: skip
        if charge.arrivals:
            node["send_pay_date"] = words.stamp(charge.arrivals[0].at)
        return node

    def close(self, content: Content) -> Node:
        charge = self.trade(content)
        if charge.arrivals or charge.state == "closed":
            raise Refusal("wrong_state")
        self.book.close(charge.ref)
        return _numbers(charge)

    # --- refunds ----------------------------------------------------------------------------------------------------

    def refund(self, content: Content) -> Node:
        charge, minor = self.trade(content), words.fen(content["refund_amount"])
        number = str(content.get("out_request_no") or charge.key)
        known = self._refund_of(charge, number)
        if known is None:
            self._take_back(charge, number, minor, content.get("refund_royalty_parameters") or [])
        row = self.book.refund(key=f"{charge.ref}/{number}", charge_ref=charge.ref, minor=minor, data={"no": number})
        if row.state == "failed":
            raise Failed("ACQ.TRADE_NOT_ALLOW_REFUND")
        total = self.book.refunded(charge.arrivals[0])
        return {
            **_numbers(charge), "fund_change": "Y" if known is None and row.state == "done" else "N",
            "refund_fee": words.yuan(total), "buyer_logon_id": "159****5620",
        }  # fmt: skip

    def _take_back(self, charge: Charge, number: str, minor: int, shares: list[Content]) -> None:
        """Fetch what merchants pay of a refund, and see that the rest is there."""
        shared = sum(words.fen(share["amount"]) for share in shares)
        if minor > self.book.refundable(self.book.arrival(charge.ref)) or shared > minor:
            raise Refusal("over_cap")
        if minor - shared > self.book.balance(CURRENCY):
            raise Failed("ACQ.SELLER_BALANCE_NOT_ENOUGH")
        for share in shares:
            part = words.fen(share["amount"])
            rows = [row for row in self.book.transfers.values()
                    if (row.kind, row.charge_ref, row.to) == ("release", charge.ref, share["trans_out"])
                    and row.minor - self.book.reversed(row.ref) >= part]  # fmt: skip
            if not rows:
                raise Failed("ACQ.REFUND_ROYALTY_AMOUNT_ERROR")
            self.book.reverse(key=f"{charge.ref}/{number}/{share['trans_out']}", release_ref=rows[0].ref, minor=part)

    def _refund_of(self, charge: Charge, number: str) -> Refund | None:
        key = f"{charge.ref}/{number}"
        return next((row for row in self.book.refunds.values() if row.key == key), None)

    def query_refund(self, content: Content) -> Node:
        charge = self.trade(content)
        row = self._refund_of(charge, str(content["out_request_no"]))
        if row is None:
            return {}
        states = {"done": "REFUND_SUCCESS", "pending": "REFUND_PROCESSING"}
        return {
            **_numbers(charge), "out_request_no": row.data["no"], "refund_amount": words.yuan(row.minor),
            "total_amount": words.yuan(charge.minor), "refund_status": states.get(row.state, "REFUND_FAIL"),
        }  # fmt: skip

    # --- money to merchants -----------------------------------------------------------------------------------------

    def confirm(self, content: Content) -> Node:
        charge, number = self.trade(content), str(content["out_request_no"])
        (detail,) = content["settle_info"]["settle_detail_infos"]
        minor, confirmed = words.fen(detail["actual_amount"]), charge.data["confirmed"]
        arrival = self.book.arrival(charge.ref)
        if confirmed.setdefault(number, minor) != minor:
            raise Refusal("key_reused")
        if sum(confirmed.values()) + self.book.refunded(arrival) > arrival.minor:
            del confirmed[number]
            raise Failed("ACQ.SETTLE_AMOUNT_EXCEED")
        self.book.keep(charge)
        return {"trade_no": charge.data["trade_no"], "out_request_no": number, "settle_amount": words.yuan(minor)}

    def settle(self, content: Content) -> Node:
        """alipay.trade.order.settle, of one receiver."""
        charge = self.trade(content)
        (share,) = content["royalty_parameters"]
        if share.get("trans_out", self.seller_id) != self.seller_id:
            raise Failed("ACQ.ROYALTY_ACCOUNT_NOT_EXIST")
        key = f"{charge.ref}/{content['out_request_no']}"
        try:
            row = self.book.release(
                key=key, charge_ref=charge.ref, minor=words.fen(share["amount"]), to=str(share["trans_in"]),
                ref=words.digits(self.book.clock.now(), 32),
            )  # fmt: skip
        except Refusal as refusal:
            if refusal.code == "over_cap":
                raise Failed("ACQ.ALLOC_AMOUNT_VALIDATE_ERROR") from refusal
            raise
        return {"trade_no": charge.data["trade_no"], "settle_no": row.ref}

    def query_settle(self, content: Content) -> Node:
        charge = self.trade(content)
        row = self.book.transfer("release", key=f"{charge.ref}/{content['out_request_no']}")
        detail = {
            "operation_type": "transfer", "execute_dt": words.stamp(row.at), "trans_in": row.to,
            "trans_in_type": "userId", "trans_out": self.seller_id, "amount": words.yuan(row.minor), "state": "SUCCESS",
        }  # fmt: skip
        return {
            "out_request_no": content["out_request_no"], "operation_dt": words.stamp(row.at),
            "royalty_detail_list": [detail],
        }  # fmt: skip

    def transfer(self, content: Content) -> Node:
        """alipay.fund.trans.uni.transfer."""
        payee = content["payee_info"]
        row = self.book.payout(
            key=str(content["out_biz_no"]), minor=words.fen(content["trans_amount"]), currency=CURRENCY,
            to=str(payee["identity"]), ref=words.digits(self.book.clock.now(), 32),
            data={"product": content["product_code"], "kind": payee["identity_type"], "name": payee.get("name", "")},
        )  # fmt: skip
        return _transfer(row)

    def query_transfer(self, content: Content) -> Node:
        try:
            row = self.book.transfer("payout", key=str(content["out_biz_no"]))
        except Refusal as refusal:
            raise Failed("ORDER_NOT_EXIST") from refusal
        if row.data["product"] != content["product_code"]:
            raise Failed("ORDER_NOT_EXIST")
        return _transfer(row)

    def balance(self, content: Content) -> Node:
        total = words.yuan(self.book.balance(CURRENCY))
        return {"total_amount": total, "available_amount": total, "freeze_amount": "0.00"}

    def bill(self, content: Content) -> Node:
        """alipay.data.dataservice.bill.downloadurl.query: an address that is good for 30 seconds."""
        day = str(content["bill_date"])
        if content["bill_type"] != "signcustomer":
            raise Failed("isv.invalid-arguments")
        if not any(words.stamp(move.at).startswith(day) for move in self.book.moves):
            raise Failed("isp.bill_not_exist")
        until = int(self.book.clock.now()) + 30
        return {"bill_download_url": f"{content['_base']}/bill?day={day}&until={until}"}


def _numbers(charge: Charge) -> Node:
    return {"trade_no": charge.data["trade_no"], "out_trade_no": charge.key}


def _transfer(row: Transfer) -> Node:
    states = {"done": "SUCCESS", "pending": "DEALING", "failed": "FAIL", "returned": "REFUND"}
    node = {"out_biz_no": row.key, "order_id": row.ref, "status": states[row.state]}
    if row.reason:
        node |= {"error_code": "PAYEE_CARD_INFO_ERROR", "fail_reason": row.reason}
    return node


METHODS: Mapping[str, Callable[[Acts, Content], Node]] = {
    "alipay.trade.query": Acts.query,
    "alipay.trade.close": Acts.close,
    "alipay.trade.refund": Acts.refund,
    "alipay.trade.fastpay.refund.query": Acts.query_refund,
    "alipay.trade.settle.confirm": Acts.confirm,
    "alipay.trade.order.settle": Acts.settle,
    "alipay.trade.order.settle.query": Acts.query_settle,
    "alipay.fund.trans.uni.transfer": Acts.transfer,
    "alipay.fund.trans.common.query": Acts.query_transfer,
    "alipay.data.bill.balance.query": Acts.balance,
    "alipay.data.dataservice.bill.downloadurl.query": Acts.bill,
}
OPS = {
    "alipay.trade.page.pay": "create", "alipay.trade.query": "query", "alipay.trade.close": "close",
    "alipay.trade.refund": "refund", "alipay.trade.fastpay.refund.query": "query_refund",
    "alipay.trade.settle.confirm": "confirm", "alipay.trade.order.settle": "release",
    "alipay.trade.order.settle.query": "query_release", "alipay.fund.trans.uni.transfer": "payout",
    "alipay.fund.trans.common.query": "query_payout", "alipay.data.bill.balance.query": "balance",
    "alipay.data.dataservice.bill.downloadurl.query": "statement",
}  # fmt: skip
