"""One app at Alipay's gateway: signed questions, verified answers, and what their codes mean."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from escrow.gateways.alipay import signing, words
from escrow.gateways.base import BadSignature, Refused, Unavailable

log = logging.getLogger(__name__)
SUCCESS = "10000"
# "公共错误码": the service is not there, or nothing is known about the outcome; asking again under the same number
# is what Alipay tells to do.
UNSURE_CODES = frozenset({"", "20000", "10003"})
UNSURE = frozenset({
    "SYSTEM_ERROR", "TRADE_SETTLE_ERROR", "REQUEST_PROCESSING", "FREQUENCY_LIMIT", "UNKNOW-ERROR", "UNKNOWN-ERROR",
    "SERVICE-UNAVAILABLE", "APP-CALL-LIMITED", "METHOD-CALL-LIMITED", "MESSAGE_LIMIT",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Channel:
    """Speaks for ``app_id`` at ``api_base``. What it dates is real time in China, whatever the shop's clock says."""

    client: httpx.Client
    api_base: str
    app_id: str
    private_key: rsa.RSAPrivateKey
    alipay_public_key: rsa.RSAPublicKey
    certificates: Mapping[str, str] = field(default_factory=dict)  # the numbers of ours and of Alipay's root

    def ask(self, method: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """
        One question and its verified answer.

        :raises Unavailable: if no usable answer came: what happened is then unknown
        :raises Refused: if Alipay says no; ``why`` is its ``sub_code``
        """
        fields = self.signed(method, content)
        body = {"biz_content": fields.pop("biz_content")}
        try:
            answer = self.client.post(self.api_base, params=fields, data=body)
        except httpx.HTTPError as fault:
            raise Unavailable from fault
        if answer.status_code != httpx.codes.OK:
            raise Unavailable
        names = (method.replace(".", "_") + "_response", "error_response")
        try:
            node = signing.signed_node(answer.content.decode(), names=names, key=self.alipay_public_key)
        except (BadSignature, ValueError, RecursionError) as fault:
            # An app or key that Alipay does not know is told so without a signature: no such word is believed.
            log.warning("alipay: an answer to %s cannot be trusted: %s", method, answer.text[:300])
            raise Unavailable from fault
        return checked(node)

    def address(self, method: str, content: Mapping[str, Any], **public: str) -> str:
        """A signed address for a browser. No network."""
        return f"{self.api_base}?{urlencode(self.signed(method, content, **public))}"

    def signed(self, method: str, content: Mapping[str, Any], **public: str) -> dict[str, str]:
        fields = {
            "app_id": self.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": words.stamp(datetime.now(UTC)),
            "version": "1.0",
            **self.certificates,
            "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
            **{name: text for name, text in public.items() if text},
        }
        message = signing.sorted_fields(fields, without=("sign",))
        return {**fields, "sign": signing.sign(message, key=self.private_key)}

    def download(self, url: str) -> bytes:
        """
        A file that an answer has pointed to.

        :raises Unavailable: if it does not come
        """
        if not url.startswith(("https://", "http://")):
            raise Unavailable
        try:
            answer = self.client.get(url)
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise Unavailable from fault
        if answer.status_code != httpx.codes.OK or not answer.content:
            raise Unavailable
        return answer.content


def checked(node: dict[str, Any]) -> dict[str, Any]:
    """
    The node, if it tells of success.

    :raises Unavailable: if the outcome is not known
    :raises Refused: if it is a definite no
    """
    code, why = str(node.get("code", "")), str(node.get("sub_code", ""))
    if code == SUCCESS:
        return node
    last = why.rpartition(".")[2].upper()
    if code in UNSURE_CODES or last in UNSURE:
        raise Unavailable
    raise Refused(why or code)
