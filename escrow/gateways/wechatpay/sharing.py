"""
Releases: profit sharing of a payment whose money WeChat Pay keeps frozen.

Sources: "请求分账", "查询分账结果", "请求分账回退", "查询分账回退结果", "解冻剩余资金".
At most 50 requests per payment, each to a receiver that was added in the merchant platform: a merchant number there or
an openid. What is not shared comes free for the payee of the order, at the latest after ``hold_days``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from core.money import Money
from escrow.gateways.base import PayoutState, RefundState, Unavailable
from escrow.gateways.wechatpay.calls import Said, fen, instant, number_of, whole_fen, word
from escrow.gateways.wechatpay.payments import Payments

SHARED_AFTER_SECONDS = 60  # "请求分账": a payment can be shared one minute after it was made
_RESULTS: Mapping[str, Literal["pending", "done", "failed"]] = {
    "PENDING": "pending", "PROCESSING": "pending", "SUCCESS": "done", "CLOSED": "failed", "FAILED": "failed",
}  # fmt: skip
_NONE = frozenset({"RESOURCE_NOT_EXISTS", "RESOURCE_NOT_EXIST", "NOT_FOUND"})


class Sharing(Payments):
    """Letting go of a frozen payment in parts. Asked twice under one key the first order stands, and is told."""

    shared_after_seconds: int

    def release(self, *, key: str, reference: str, amount: Money, destination: str) -> PayoutState:
        """
        Share a part with a receiver; ``destination`` is a merchant number (digits) or an openid. The rest stays frozen.

        Pending within the first minute and while WeChat Pay works on it: ask again under the same key.
        """
        paid = self._paid(reference)
        if datetime.now(UTC) < instant(paid, "success_time") + timedelta(seconds=self.shared_after_seconds):
            return PayoutState("", "pending", "too early")
        receiver = {
            "type": "MERCHANT_ID" if destination.isdigit() else "PERSONAL_OPENID",
            "account": destination,
            "amount": whole_fen(amount),
            "description": "Release of a held payment",
        }
        body = {
            "appid": self.caller.appid,
            "transaction_id": word(paid, "transaction_id"),
            "out_order_no": number_of(key),
            "receivers": [receiver],
            "unfreeze_unsplit": False,
        }
        return _release_of(self.caller.ask("POST", "/v3/profitsharing/orders", body))

    def query_release(self, *, key: str, reference: str) -> PayoutState:
        transaction = word(self._paid(reference), "transaction_id")
        path = f"/v3/profitsharing/orders/{number_of(key)}?transaction_id={transaction}"
        try:
            return _release_of(self.caller.ask("GET", path))
        except Said as no:
            if no.word in _NONE:
                return PayoutState("", "unknown")
            raise Unavailable from no

    def reverse_release(
        self, *, key: str, release_key: str, reference: str, amount: Money, payer_gets: Money | None = None
    ) -> RefundState:
        """Take a part of a release back from the merchant number it went to, which must have consented; 180 days."""
        transaction = word(self._paid(reference), "transaction_id")
        order = number_of(release_key)
        given = self.caller.ask("GET", f"/v3/profitsharing/orders/{order}?transaction_id={transaction}")
        body = {
            "out_order_no": order,
            "out_return_no": number_of(key),
            "return_mchid": word(_receiver(given), "account"),
            "amount": whole_fen(amount),
            "description": "Return of a released payment",
        }
        return _return_of(self.caller.ask("POST", "/v3/profitsharing/return-orders", body))

    def query_reversal(self, *, key: str, release_key: str, reference: str) -> RefundState:
        path = f"/v3/profitsharing/return-orders/{number_of(key)}?out_order_no={number_of(release_key)}"
        try:
            return _return_of(self.caller.ask("GET", path))
        except Said as no:
            if no.word in _NONE:
                return RefundState("", "unknown")
            raise Unavailable from no

    def unfreeze(self, *, key: str, reference: str) -> PayoutState:
        """Let everything that is still frozen of a payment come to us: our fee, or what a payout then sends on."""
        body = {
            "transaction_id": word(self._paid(reference), "transaction_id"),
            "out_order_no": number_of(key),
            "description": "The rest of a held payment",
        }
        answer = self.caller.ask("POST", "/v3/profitsharing/orders/unfreeze", body)
        done = word(answer, "state") == "FINISHED"
        return PayoutState(word(answer, "order_id"), "done" if done else "pending")

    def still_frozen(self, *, reference: str) -> Money:
        """What of a payment is neither shared nor unfrozen ("查询剩余待分金额")."""
        transaction = word(self._paid(reference), "transaction_id")
        answer = self.caller.ask("GET", f"/v3/profitsharing/transactions/{transaction}/amounts")
        return Money(fen(answer, "unsplit_amount"), "CNY")


def _receiver(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    receivers = answer.get("receivers")
    if not isinstance(receivers, list) or len(receivers) != 1 or not isinstance(receivers[0], dict):
        raise Unavailable
    return receivers[0]


def _release_of(answer: Mapping[str, Any]) -> PayoutState:
    """PROCESSING holds for the order, then each receiver has a result of his own; ours has one receiver."""
    if word(answer, "state") == "PROCESSING":
        return PayoutState(word(answer, "order_id"), "pending")
    receiver = _receiver(answer)
    status = _RESULTS.get(word(receiver, "result"))
    if status is None:
        raise Unavailable
    return PayoutState(word(answer, "order_id"), status, str(receiver.get("fail_reason", "")))


def _return_of(answer: Mapping[str, Any]) -> RefundState:
    status = _RESULTS.get(word(answer, "result"))
    if status is None:
        raise Unavailable
    return RefundState(word(answer, "return_id"), status, str(answer.get("fail_reason", "")))
