"""
Payouts: a transfer into a merchant's WeChat wallet, which he confirms there.

Sources: "发起转账" and "商户单号查询转账单" of 商家转账 (``/v3/fund-app/mch-transfer``). Its predecessor, batches at
``/v3/transfer/batches``, needed no confirmation. A bank account cannot be reached by either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from core.money import Money
from escrow.gateways.base import PayoutState, Refused, Unavailable
from escrow.gateways.wechatpay.calls import Said, number_of, whole_fen, word
from escrow.gateways.wechatpay.payments import Payments
from escrow.gateways.wechatpay.signing import hidden_name

NAME_NOT_BELOW_FEN = 30  # below 0.3 yuan no name may be given; from 2,000 yuan on one must be
_OPENID = re.compile(r"\Ao[A-Za-z0-9_-]{20,63}\Z", re.ASCII)
_STATES: Mapping[str, Literal["pending", "done", "failed"]] = {
    "ACCEPTED": "pending", "PROCESSING": "pending", "WAIT_USER_CONFIRM": "pending", "TRANSFERING": "pending",
    "SUCCESS": "done", "FAIL": "failed", "CANCELING": "pending", "CANCELLED": "failed",
}  # fmt: skip
_DEFINITE = frozenset({"PARAM_ERROR", "INVALID_REQUEST", "NO_AUTH", "NOT_ENOUGH", "APPID_MCHID_NOT_MATCH"})


class Transfers(Payments):
    """Sending merchants their money. Needs a transfer scene that WeChat Pay has approved, and the merchant's openid."""

    scene: str
    report: tuple[tuple[str, str], ...]

    def payout(self, *, key: str, amount: Money, bank: str, holder: str, number: str) -> PayoutState:
        """
        Ask for a transfer to the openid ``number``. Pending until its owner confirms it in WeChat, a day at most.

        :raises Refused: if no scene is set up, or the number is no openid
        """
        if not self.scene:
            raise Refused("NO_TRANSFER_SCENE")
        if not _OPENID.match(number):
            raise Refused("NO_OPENID")
        fen = whole_fen(amount)
        body: dict[str, Any] = {
            "appid": self.caller.appid,
            "out_bill_no": number_of(key, joint="x"),
            "transfer_scene_id": self.scene,
            "openid": number,
            "transfer_amount": fen,
            "transfer_remark": "Sales paid out",
            "transfer_scene_report_infos": [{"info_type": name, "info_content": text} for name, text in self.report],
        }
        if fen >= NAME_NOT_BELOW_FEN:
            body["user_name"] = hidden_name(holder, key=next(iter(self.caller.platform.values())))
        try:
            return _state_of(self.caller.ask("POST", "/v3/fund-app/mch-transfer/transfer-bills", body))
        except Said as no:
            if no.word in _DEFINITE:
                raise
            raise Unavailable from no  # "a new error code": never under another number before the state is known

    def query_payout(self, *, key: str) -> PayoutState:
        """Ask what has become of a transfer; WeChat Pay tells it for 30 days."""
        path = f"/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{number_of(key, joint='x')}"
        try:
            return _state_of(self.caller.ask("GET", path))
        except Said as no:
            if no.word in ("NOT_FOUND", "RESOURCE_NOT_EXISTS", "ORDER_NOT_EXIST"):
                return PayoutState("", "unknown")
            raise Unavailable from no


def _state_of(answer: Mapping[str, Any]) -> PayoutState:
    status = _STATES.get(word(answer, "state"))
    if status is None:
        raise Unavailable
    return PayoutState(word(answer, "transfer_bill_no"), status, str(answer.get("fail_reason", "")))
