"""
Alipay's page payment (电脑网站支付) and what belongs to it.

Money is taken to our own account there at once: Alipay itself holds nothing. Field names and codes are those of the
pages of opendocs.alipay.com that each method names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from core import clock
from core.money import Money
from escrow.gateways.alipay import notices, words
from escrow.gateways.alipay.channel import Channel
from escrow.gateways.base import (
    Balance,
    Capabilities,
    Created,
    Movement,
    Notice,
    PaymentState,
    PayoutState,
    RefundState,
    Refused,
    Statement,
    Unavailable,
)
from escrow.statements import alipay as bills

LONGEST_LIFE = timedelta(days=15)  # the range of time_expire
LONGEST_SUBJECT = 256
NOT_THERE = "ACQ.TRADE_NOT_EXIST"
CANNOT_CLOSE = frozenset({
    "ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID", "ACQ.REASON_ILLEGAL_STATUS"
})  # fmt: skip
BANK_CARD, WALLET = "TRANS_BANKCARD_NO_PWD", "TRANS_ACCOUNT_NO_PWD"
WALLET_NAMES = frozenset({"alipay", "支付宝"})
_FORBIDDEN = re.compile(r"[/=&<>\"'\\\s]+")
_USER = re.compile(r"\A2088\d{12}\Z", re.ASCII)
_TRADE = ("trade_no", "out_trade_no")
_REFUNDS: Mapping[str, Literal["pending", "done", "failed"]] = {
    "REFUND_SUCCESS": "done", "REFUND_PROCESSING": "pending", "REFUND_FAIL": "failed",
}  # fmt: skip
_PAYOUTS: Mapping[str, Literal["pending", "done", "failed"]] = {
    "SUCCESS": "done", "FAIL": "failed", "REFUND": "failed", "CLOSED": "failed",
}  # fmt: skip


class AlipayGateway:
    """One app and one account at Alipay."""

    name = "alipay"
    acknowledgement = ("text/plain", b"success")
    # Without limit, since it is not Alipay that holds the money but the operator, on his own account there.
    capabilities = Capabilities(hold_days=None, partial_refund=True, currencies=frozenset({words.CURRENCY}))

    def __init__(self, *, channel: Channel, seller_id: str) -> None:
        self.channel = channel
        self.payee = seller_id

    # --- payments ---------------------------------------------------------------------------------------------------

    def create_payment(
        self, *, key: str, amount: Money, description: str, return_url: str, notify_url: str, expires_at: datetime
    ) -> Created:
        """
        A signed address of Alipay's own page (alipay.trade.page.pay). No network: Alipay hears of it from the browser.

        :raises Refused: for another currency than CNY
        """
        reference = words.word(key)
        content = {
            "out_trade_no": reference,
            "total_amount": words.yuan(amount),
            "subject": _FORBIDDEN.sub(" ", description).strip()[:LONGEST_SUBJECT] or reference,
            "product_code": "FAST_INSTANT_TRADE_PAY",
            "time_expire": words.stamp(min(expires_at, clock.now() + LONGEST_LIFE)),
            **self._extra(),
        }
        url = self.channel.address(
            "alipay.trade.page.pay", content, notify_url=notify_url, return_url=return_url
        )  # fmt: skip
        return Created(reference=reference, url=url)

    def _extra(self) -> dict[str, Any]:
        """What a contract adds to a payment."""
        return {}

    def query_payment(self, *, reference: str) -> PaymentState:
        """
        What Alipay knows (alipay.trade.query); it hears of a trade only once its payer has signed in on the page.

        The answer names no seller, since an app can only ask for trades of its own account; one that does is believed.
        """
        try:
            answer = self._look(reference)
        except Refused as refusal:
            if refusal.why == NOT_THERE:
                return PaymentState("open", payee=self.payee)
            raise
        try:
            return self._state(answer)
        except (KeyError, ValueError) as fault:
            raise Unavailable from fault

    def _look(self, reference: str) -> Mapping[str, Any]:
        answer = self.channel.ask("alipay.trade.query", {"out_trade_no": reference})
        if answer.get("out_trade_no") != reference:
            raise Unavailable
        return answer

    def _state(self, answer: Mapping[str, Any]) -> PaymentState:
        """
        TRADE_CLOSED says that no money is there: none came in time, or all of it has gone back. What was refunded in
        full before we asked leaves nothing to be booked.
        """
        payee = str(answer.get("seller_id") or self.payee)
        status = answer["trade_status"]
        if status == "TRADE_CLOSED":
            return PaymentState("closed", payee=payee)
        if status == "WAIT_BUYER_PAY" or answer.get("additional_status") == "SELLER_NOT_RECEIVED":
            return PaymentState("open", payee=payee)
        if status not in ("TRADE_SUCCESS", "TRADE_FINISHED"):
            raise ValueError("an unknown state")
        amount, at = words.money(answer["total_amount"]), words.instant(answer["send_pay_date"])
        return PaymentState("paid", (Movement(ref=str(answer["trade_no"]), amount=amount, at=at),), payee=payee)

    def close_payment(self, *, reference: str) -> Literal["closed", "already_paid"]:
        """
        Take no more money (alipay.trade.close). Nobody can close what Alipay has not heard of: its address dies alone.

        :raises Unavailable: if it can neither be closed nor has been paid
        """
        try:
            self.channel.ask("alipay.trade.close", {"out_trade_no": reference})
        except Refused as refusal:
            if refusal.why == NOT_THERE:
                return "closed"
            if refusal.why not in CANNOT_CLOSE:
                raise
            state = self.query_payment(reference=reference)
            if state.status == "paid":
                return "already_paid"
            if state.status != "closed":
                raise Unavailable from refusal
        return "closed"

    # --- refunds ----------------------------------------------------------------------------------------------------

    def refund(self, *, key: str, reference: str, movement_ref: str, amount: Money) -> RefundState:
        """
        Send money back (alipay.trade.refund). Only ``fund_change`` Y says that money has moved by this very call.

        :raises Refused: if Alipay will not
        """
        content = {**_trade(reference, movement_ref), "refund_amount": words.yuan(amount)}
        return self._refund(key, content)

    def _refund(self, key: str, content: Mapping[str, Any]) -> RefundState:
        number = words.word(key)
        answer = self.channel.ask("alipay.trade.refund", {**content, "out_request_no": number})
        if answer.get("fund_change") == "Y":
            return RefundState(number, "done")
        state = self._refund_state(number, {name: content[name] for name in _TRADE if name in content})
        return state if state.status in ("done", "failed") else RefundState(number, "pending")

    def query_refund(self, *, key: str, reference: str) -> RefundState:
        """
        How a refund stands (alipay.trade.fastpay.refund.query).

        Without ``refund_status`` Alipay has not heard of it, or it failed, or it is too early to tell: all three mean
        that the same refund may be asked for again, under its number.
        """
        number = words.word(key)
        if not reference:
            return RefundState(number, "unknown")
        return self._refund_state(number, _trade(reference, ""))

    def _refund_state(self, number: str, trade: Mapping[str, str]) -> RefundState:
        try:
            answer = self.channel.ask("alipay.trade.fastpay.refund.query", {**trade, "out_request_no": number})
        except Refused as refusal:
            if refusal.why == NOT_THERE:
                return RefundState(number, "unknown")
            raise
        status = _REFUNDS.get(str(answer.get("refund_status", "")))
        reason = str(answer.get("error_code", ""))[:200] if status == "failed" else ""
        return RefundState(number, status or "unknown", reason)

    # --- payouts ----------------------------------------------------------------------------------------------------

    def payout(self, *, key: str, amount: Money, bank: str, holder: str, number: str) -> PayoutState:
        """
        Send money to a bank card, or to a wallet if the bank is called Alipay (alipay.fund.trans.uni.transfer).

        :raises Refused: if Alipay will not
        """
        to_wallet = bank.strip().lower() in WALLET_NAMES
        payee: dict[str, Any] = {"identity": number, "name": holder}
        if to_wallet:
            payee["identity_type"] = "ALIPAY_USER_ID" if _USER.match(number) else "ALIPAY_LOGON_ID"
        else:
            payee["identity_type"] = "BANKCARD_ACCOUNT"
            payee["bankcard_ext_info"] = {"inst_name": bank, "account_type": "2"}
        content = {
            "out_biz_no": words.word(key),
            "trans_amount": words.yuan(amount),
            "product_code": WALLET if to_wallet else BANK_CARD,
            "biz_scene": "DIRECT_TRANSFER",
            "order_title": words.word(key),
            "payee_info": payee,
        }
        return _payout(self.channel.ask("alipay.fund.trans.uni.transfer", content))

    def query_payout(self, *, key: str) -> PayoutState:
        """How a payout stands (alipay.fund.trans.common.query), whichever way it went."""
        for product in (BANK_CARD, WALLET):
            content = {"out_biz_no": words.word(key), "product_code": product, "biz_scene": "DIRECT_TRANSFER"}
            try:
                return _payout(self.channel.ask("alipay.fund.trans.common.query", content))
            except Refused as refusal:
                if refusal.why.rpartition(".")[2] != "ORDER_NOT_EXIST":
                    raise
        return PayoutState("", "unknown")

    # --- notices, balance, statement --------------------------------------------------------------------------------

    def parse_notice(self, *, raw_body: bytes, headers: Mapping[str, str]) -> Notice:
        """
        :raises BadSignature: if it is not Alipay's, not about us, or an old recording
        :raises Malformed: if it is Alipay's, but no notice of a trade
        """
        channel = self.channel
        return notices.read(raw_body, app_id=channel.app_id, seller_id=self.payee, key=channel.alipay_public_key)

    def balance(self, *, currency: str) -> Balance:
        """
        All that lies on our account there, frozen or not (alipay.data.bill.balance.query).

        :raises Refused: for another currency than CNY
        """
        if currency != words.CURRENCY:
            raise Refused("currency")
        answer = self.channel.ask("alipay.data.bill.balance.query", {})
        try:
            return Balance(words.money(answer["total_amount"]), datetime.now(UTC), "provider")
        except (KeyError, ValueError) as fault:
            raise Unavailable from fault

    def statement(self, *, day: date) -> Statement:
        """
        Every movement of a day in China, there from the next morning (alipay.data.dataservice.bill.downloadurl.query).

        The address that Alipay gives is good for 30 seconds, so it is used at once.

        :raises Refused: ``isp.bill_not_exist`` if there is none yet, or nothing has moved that day
        :raises BadStatement: if it is not what it should be
        """
        content = {"bill_type": "signcustomer", "bill_date": day.isoformat()}
        answer = self.channel.ask("alipay.data.dataservice.bill.downloadurl.query", content)
        raw = self.channel.download(str(answer.get("bill_download_url", "")))
        return bills.read(raw, name=f"alipay-{day.isoformat()}.zip", day=day)


def _trade(reference: str, movement_ref: str) -> dict[str, str]:
    """Alipay's own number of a trade if we have it, else ours: of both, it would heed only its own."""
    return {"trade_no": movement_ref} if movement_ref else {"out_trade_no": reference}


def _payout(answer: Mapping[str, Any]) -> PayoutState:
    status = _PAYOUTS.get(str(answer.get("status", "")), "pending")
    reason = str(answer.get("fail_reason") or answer.get("error_code") or "") if status == "failed" else ""
    return PayoutState(str(answer.get("order_id", "")), status, reason[:200])
