"""Alipay's adapter: RSA2 over HTTP, no ORM. What it can really hold is told in docs/money.md."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from django.core.exceptions import ImproperlyConfigured

from escrow.gateways.alipay import certs, signing
from escrow.gateways.alipay.adapter import AlipayGateway
from escrow.gateways.alipay.channel import Channel
from escrow.gateways.alipay.royalty import AlipayRoyaltyGateway

NEEDED = ("api_base", "app_id", "seller_id", "private_key")
CERTIFICATES = ("app_cert", "alipay_cert", "alipay_root_cert")


def build(values: Mapping[str, str], *, client: httpx.Client) -> AlipayGateway:
    """
    Alipay as the operator's contract has it. ``royalty``: freeze (商家分账), confirm (直付通) or empty.

    :raises ImproperlyConfigured: if a value is missing or a key cannot be read
    """
    channel = _channel(values, client)
    royalty = values.get("royalty", "")
    if royalty in ("freeze", "confirm"):
        return AlipayRoyaltyGateway(channel=channel, seller_id=values["seller_id"], confirms=royalty == "confirm")
    if royalty:
        raise ImproperlyConfigured("ALIPAY_ROYALTY is freeze, confirm or empty")
    return AlipayGateway(channel=channel, seller_id=values["seller_id"])


def _channel(values: Mapping[str, str], client: httpx.Client) -> Channel:
    """With all three certificates in certificate mode, else with Alipay's bare key."""
    given = [name for name in CERTIFICATES if values.get(name)]
    needed = (*NEEDED, *CERTIFICATES) if given else (*NEEDED, "alipay_public_key")
    missing = [name for name in needed if not values.get(name)]
    if missing:
        raise ImproperlyConfigured(f"alipay: {', '.join(missing)} not given")
    numbers: dict[str, str] = {}
    if given:
        numbers["app_cert_sn"] = certs.number(values["app_cert"])
        numbers["alipay_root_cert_sn"] = certs.root_number(values["alipay_root_cert"])
    public = certs.public_key_in(values["alipay_cert"]) if given else values["alipay_public_key"]
    return Channel(
        client=client,
        api_base=values["api_base"],
        app_id=values["app_id"],
        private_key=signing.private_key(values["private_key"]),
        alipay_public_key=signing.public_key(public),
        certificates=numbers,
    )
