"""
Payments and refunds at WeChat Pay.

Sources: "Native下单", "JSAPI/小程序下单", "商户订单号查询订单", "关闭订单", "退款申请", "查询单笔退款".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from core.money import Money
from escrow.gateways.base import Created, Movement, PaymentState, RefundState, Refused, Unavailable
from escrow.gateways.wechatpay.calls import Caller, Said, fen, instant, number_of, whole_fen, word

CHINA = ZoneInfo("Asia/Shanghai")
DESCRIPTION_CHARACTERS = 127
_NO_SUCH_ORDER = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST"})
_PAID = frozenset({"ORDERPAID", "ORDER_PAID"})
_CLOSED = frozenset({"ORDERCLOSED", "ORDER_CLOSED"})
_STATES: Mapping[str, Literal["open", "paid", "declined", "closed"]] = {
    "SUCCESS": "paid", "REFUND": "paid", "NOTPAY": "open", "USERPAYING": "open", "ACCEPT": "open",
    "PAYERROR": "declined", "CLOSED": "closed", "REVOKED": "closed",
}  # fmt: skip
_REFUNDS: Mapping[str, Literal["pending", "done", "failed"]] = {
    "SUCCESS": "done", "PROCESSING": "pending", "CLOSED": "failed", "ABNORMAL": "failed",
}  # fmt: skip


class Payments:
    """What buyers do. A payment's reference is its ``out_trade_no``; the same number is the same request."""

    caller: Caller
    payee: str

    def create_payment(
        self, *, key: str, amount: Money, description: str, return_url: str, notify_url: str, expires_at: datetime
    ) -> Created:
        """
        Ask for the code that the buyer's WeChat scans (Native).

        Every order is marked for profit sharing: until it is split or unfrozen its money stays frozen, which is what
        makes the hold real at WeChat Pay.

        :raises Refused: with ``ORDERPAID`` if it is paid already
        """
        order = self._order(key, amount, description, notify_url, expires_at)
        answer = self.caller.ask("POST", "/v3/pay/transactions/native", order)
        return Created(reference=order["out_trade_no"], qr=word(answer, "code_url"))

    def create_jsapi_payment(
        self, *, key: str, amount: Money, description: str, notify_url: str, expires_at: datetime, openid: str
    ) -> str:
        """
        Ask for the ``prepay_id`` of a payment within WeChat's own browser, by a buyer whose openid is known.

        The same order as :meth:`create_payment` would open: of one key use one of the two.
        """
        order = self._order(key, amount, description, notify_url, expires_at)
        answer = self.caller.ask("POST", "/v3/pay/transactions/jsapi", {**order, "payer": {"openid": openid}})
        return word(answer, "prepay_id")

    def _order(
        self, key: str, amount: Money, description: str, notify_url: str, expires_at: datetime
    ) -> dict[str, Any]:
        return {
            "appid": self.caller.appid,
            "mchid": self.caller.mchid,
            "description": description[:DESCRIPTION_CHARACTERS],
            "out_trade_no": number_of(key),
            "time_expire": expires_at.astimezone(CHINA).replace(microsecond=0).isoformat(),
            "notify_url": notify_url,
            "amount": {"total": whole_fen(amount), "currency": "CNY"},
            "settle_info": {"profit_sharing": True},
        }

    def query_payment(self, *, reference: str) -> PaymentState:
        """
        Ask what has become of an order.

        What has arrived is ``amount.total``, not ``payer_total``: a coupon of WeChat's lowers what the payer gives, and
        WeChat pays us the rest of it. A state REFUND means that something of it went back: the arrival stays.
        """
        try:
            answer = self._asked(reference)
        except Said as no:
            if no.word in _NO_SUCH_ORDER:
                return PaymentState("open", payee=self.payee)  # the code was never asked for, or never arrived there
            raise Unavailable from no
        state = _STATES.get(word(answer, "trade_state"))
        if state is None or word(answer, "out_trade_no") != reference:
            raise Unavailable
        payee = payee_of(answer)
        reason = str(answer.get("trade_state_desc", ""))[:200]
        if state != "paid":
            return PaymentState(state, payee=payee, reason=reason)
        came = Money(fen(answer, "amount", "total"), word(answer, "amount", "currency"))
        movement = Movement(ref=word(answer, "transaction_id"), amount=came, at=instant(answer, "success_time"))
        return PaymentState("paid", (movement,), payee=payee, reason=reason)

    def _asked(self, reference: str) -> dict[str, Any]:
        return self.caller.ask("GET", f"/v3/pay/transactions/out-trade-no/{reference}?mchid={self.caller.mchid}")

    def close_payment(self, *, reference: str) -> Literal["closed", "already_paid"]:
        body = {"mchid": self.caller.mchid}
        try:
            self.caller.ask("POST", f"/v3/pay/transactions/out-trade-no/{reference}/close", body)
        except Said as no:
            if no.word in _PAID:
                return "already_paid"
            if no.word not in _CLOSED and no.word not in _NO_SUCH_ORDER:
                raise
        return "closed"

    def refund(self, *, key: str, reference: str, movement_ref: str, amount: Money) -> RefundState:
        """
        Send a part or all of a payment back to its payer.

        The whole of the payment must be named with it, so the payment is asked for first.
        """
        paid = self._paid(reference)
        body = {
            "transaction_id": movement_ref or word(paid, "transaction_id"),
            "out_refund_no": number_of(key),
            "amount": {"refund": whole_fen(amount), "total": fen(paid, "amount", "total"), "currency": "CNY"},
        }
        return _refund_of(self.caller.ask("POST", "/v3/refund/domestic/refunds", body))

    def query_refund(self, *, key: str, reference: str) -> RefundState:
        try:
            return _refund_of(self.caller.ask("GET", f"/v3/refund/domestic/refunds/{number_of(key)}"))
        except Said as no:
            if no.word in ("RESOURCE_NOT_EXISTS", "REFUND_NOT_EXISTS", "REFUNDNOTEXIST"):
                return RefundState("", "unknown")
            raise Unavailable from no

    def _paid(self, reference: str) -> dict[str, Any]:
        """
        The order of a payment that has been paid to us.

        :raises Refused: if it has not, or was paid to another
        """
        answer = self._asked(reference)
        if _STATES.get(word(answer, "trade_state")) != "paid":
            raise Refused("NOT_PAID")
        if payee_of(answer) != self.payee:
            raise Refused("OTHER_PAYEE")
        return answer


def payee_of(content: Any) -> str:
    """Whose order it is: merchant number and app, both of which must be ours."""
    return f"{word(content, 'mchid')}/{word(content, 'appid')}"


def _refund_of(answer: Mapping[str, Any]) -> RefundState:
    """ABNORMAL: the payer's card takes nothing back; the money stays with us until somebody finds another way."""
    status = _REFUNDS.get(word(answer, "status"))
    if status is None:
        raise Unavailable
    return RefundState(word(answer, "refund_id"), status, "" if status != "failed" else word(answer, "status"))
