"""WeChat Pay, API v3, for one merchant (直连商户): own code over ``httpx`` and ``cryptography``, no ORM."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from escrow.gateways.base import Capabilities, Notice
from escrow.gateways.wechatpay import signing
from escrow.gateways.wechatpay.bills import Bills
from escrow.gateways.wechatpay.calls import Caller
from escrow.gateways.wechatpay.notices import notice_of
from escrow.gateways.wechatpay.sharing import SHARED_AFTER_SECONDS, Sharing
from escrow.gateways.wechatpay.transfers import Transfers

__all__ = ["WeChatPayGateway", "build"]
HOLD_DAYS = 30  # profit sharing of an ordinary merchant; 平台收付通 has 180
ACKNOWLEDGEMENT = ("application/json", b'{"code":"SUCCESS"}')


class WeChatPayGateway(Sharing, Transfers, Bills):
    """The adapter. ``payee`` is merchant number and app: an order of another app of ours is not ours either."""

    name = "wechatpay"

    def __init__(
        self,
        caller: Caller,
        *,
        hold_days: int = HOLD_DAYS,
        shared_after_seconds: int = SHARED_AFTER_SECONDS,
        scene: str = "",
        report: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.caller = caller
        self.payee = f"{caller.mchid}/{caller.appid}"
        self.shared_after_seconds = shared_after_seconds
        self.scene = scene
        self.report = report
        self.capabilities = Capabilities(
            hold_days=hold_days,
            partial_refund=True,
            currencies=frozenset({"CNY"}),
            partial_release=True,
            pays_out=bool(scene),
            splits=True,
        )

    @property
    def acknowledgement(self) -> tuple[str, bytes]:
        return ACKNOWLEDGEMENT

    def parse_notice(self, *, raw_body: bytes, headers: Mapping[str, str]) -> Notice:
        """
        :raises BadSignature: if the platform has not signed exactly these bytes within the last five minutes
        :raises Malformed: if it did, but they are no notice of ours
        """
        return notice_of(raw_body, headers=headers, caller=self.caller)


def build(values: Mapping[str, str], *, client: httpx.Client) -> WeChatPayGateway:
    """
    The adapter from ``settings.PROVIDERS["wechatpay"]``.

    :raises ValueError: if a key cannot be read, or there are not as many platform keys as serials
    """
    caller = Caller(
        client=client,
        mchid=values["mchid"],
        appid=values["appid"],
        apiv3_key=values["apiv3_key"],
        serial=values["serial"],
        key=signing.private_key(values["private_key"]),
        platform=signing.platform_keys(serials=values["platform_serial"], pems=values["platform_public_key"]),
    )
    pairs = (pair.partition("=") for pair in values.get("transfer_report", "").split(";") if pair)
    return WeChatPayGateway(
        caller,
        hold_days=int(values.get("hold_days") or HOLD_DAYS),
        shared_after_seconds=int(values.get("shared_after_seconds") or SHARED_AFTER_SECONDS),
        scene=values.get("transfer_scene", ""),
        report=tuple((name, text) for name, _, text in pairs),
    )
