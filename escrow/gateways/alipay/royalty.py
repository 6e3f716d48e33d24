"""Payments that Alipay itself holds until we let go of them in parts: 商家分账 and 直付通."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from core.money import Money
from escrow.gateways.alipay import words
from escrow.gateways.alipay.adapter import AlipayGateway
from escrow.gateways.alipay.channel import Channel
from escrow.gateways.base import Capabilities, PayoutState, RefundState, Refused, Unavailable

FREEZE_DAYS = 30  # "商家分账接入指南": frozen money is freed by itself after that
NOT_PAID = "ACQ.TRADE_STATUS_ERROR"
NOT_SHARED = frozenset({"ACQ.TRADE_SETTLE_NOT_EXIST", "ACQ.TRADE_NOT_EXIST"})
_SHARES: Mapping[str, Literal["pending", "done", "failed"]] = {
    "SUCCESS": "done", "PROCESSING": "pending", "FAIL": "failed",
}  # fmt: skip
_USER = re.compile(r"\A2088\d{12}\Z", re.ASCII)


class AlipayRoyaltyGateway(AlipayGateway):
    """
    Each payment is frozen when it comes, and its parts go to merchants' accounts at Alipay.

    ``confirms``: the contract is 直付通, where a part must be confirmed before it can be shared out.
    """

    capabilities = Capabilities(
        hold_days=FREEZE_DAYS, partial_refund=True, currencies=frozenset({words.CURRENCY}), splits=True,
        reversal_refunds=True,
    )  # fmt: skip

    def __init__(self, *, channel: Channel, seller_id: str, confirms: bool) -> None:
        super().__init__(channel=channel, seller_id=seller_id)
        self.confirms = confirms

    def _extra(self) -> dict[str, Any]:
        return {"extend_params": {"royalty_freeze": "true"}}

    def release(self, *, key: str, reference: str, amount: Money, destination: str) -> PayoutState:
        """
        Let a part of a payment go to a merchant's account (alipay.trade.settle.confirm, alipay.trade.order.settle).

        Both steps bear the same number and may be asked for again until both have been answered.

        :raises Refused: if Alipay will not: nothing is shared out then
        """
        number, trade_no, part = words.word(key), self._trade_no(reference), words.yuan(amount)
        if self.confirms:
            detail = {"trans_in_type": "defaultSettle", "actual_amount": part}
            confirm = {
                "out_request_no": number,
                "trade_no": trade_no,
                "settle_info": {"settle_detail_infos": [detail]},
                "extend_params": {"royalty_freeze": "true"},
            }
            self.channel.ask("alipay.trade.settle.confirm", confirm)
        share = {
            "royalty_type": "transfer",
            "trans_out": self.payee,
            "trans_out_type": "userId",
            "trans_in": destination,
            "trans_in_type": "userId" if _USER.match(destination) else "loginName",
            "amount": part,
        }
        settle = {"out_request_no": number, "trade_no": trade_no, "royalty_parameters": [share]}
        answer = self.channel.ask("alipay.trade.order.settle", settle)
        return PayoutState(str(answer.get("settle_no") or number), "done")

    def query_release(self, *, key: str, reference: str) -> PayoutState:
        """
        How a release stands (alipay.trade.order.settle.query).

        Only that Alipay has not heard of it means that it may be asked for; any other no tells nothing.
        """
        content = {"out_request_no": words.word(key), "trade_no": self._trade_no(reference)}
        try:
            answer = self.channel.ask("alipay.trade.order.settle.query", content)
        except Refused as refusal:
            if refusal.why in NOT_SHARED:
                return PayoutState("", "unknown")
            raise Unavailable from refusal
        share = _share_in(answer)
        status = _SHARES.get(str(share.get("state", "")), "pending")
        reason = str(share.get("error_code", ""))[:200] if status == "failed" else ""
        return PayoutState(str(answer.get("settle_no") or words.word(key)), status, reason)

    def reverse_release(
        self, *, key: str, release_key: str, reference: str, amount: Money, payer_gets: Money | None = None
    ) -> RefundState:
        """
        Take a released part back from its merchant and give it to the payer, which at Alipay is one act.

        It is a refund of ``payer_gets`` that names who pays for ``amount`` of it (alipay.trade.refund,
        ``refund_royalty_parameters``): whoever calls this must not refund the same part again.

        :raises Refused: if nothing was released under that key
        """
        trade_no = self._trade_no(reference)
        share = {
            "royalty_type": "transfer",
            "trans_out": self._merchant(trade_no, release_key),
            "trans_out_type": "userId",
            "trans_in": self.payee,
            "trans_in_type": "userId",
            "amount": words.yuan(amount),
        }
        content = {
            "trade_no": trade_no,
            "refund_amount": words.yuan(payer_gets or amount),
            "refund_royalty_parameters": [share],
        }
        return self._refund(key, content)

    def query_reversal(self, *, key: str, release_key: str, reference: str) -> RefundState:
        return self.query_refund(key=key, reference=reference)

    def _trade_no(self, reference: str) -> str:
        """
        Alipay's number of a trade, also of one that was paid and has gone back since.

        :raises Refused: if the trade has not been paid
        """
        answer = self._look(reference)
        if answer.get("trade_status") == "WAIT_BUYER_PAY" or not answer.get("trade_no"):
            raise Refused(NOT_PAID)
        return str(answer["trade_no"])

    def _merchant(self, trade_no: str, release_key: str) -> str:
        """Whom a release went to (alipay.trade.order.settle.query)."""
        content = {"out_request_no": words.word(release_key), "trade_no": trade_no}
        share = _share_in(self.channel.ask("alipay.trade.order.settle.query", content))
        try:
            return str(share["trans_in"])
        except KeyError as fault:
            raise Unavailable from fault


def _share_in(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one part that a release of ours has shared out."""
    try:
        shares = [row for row in answer["royalty_detail_list"] if row["operation_type"] == "transfer"]
        share: Mapping[str, Any] = shares[0]
    except (KeyError, TypeError, IndexError) as fault:
        raise Unavailable from fault
    return share
