"""
Text messages through the operator's own gateway: one signed POST a message.

Body ``{"to", "text", "key"}`` in JSON; header ``X-Tashi-Signature`` is the hex HMAC-SHA256 of the raw body under
``SMS_WEBHOOK_SECRET``. The gateway answers 2xx once it has taken the message and must treat ``key`` as its idempotency
key: a message may be handed over twice.
"""

from __future__ import annotations

import hashlib
import hmac
import json

import httpx
from django.conf import settings

from accounts.channels.base import Unavailable
from core import wire

TIMEOUT_SECONDS = 8
SIGNATURE = "X-Tashi-Signature"


class WebhookSms:
    name = "webhook"

    def send(self, *, to: str, body: str, key: str) -> None:
        """:raises Unavailable: if the gateway did not answer with 2xx"""
        raw = json.dumps({"to": to, "text": body, "key": key}, ensure_ascii=False).encode()
        mac = hmac.new(settings.SMS_WEBHOOK_SECRET.encode(), raw, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", SIGNATURE: mac}
        try:
            client = wire.client(timeout_seconds=TIMEOUT_SECONDS)
            answer = client.post(settings.SMS_WEBHOOK_URL, content=raw, headers=headers)
        except httpx.HTTPError as fault:
            raise Unavailable from fault
        if not answer.is_success:
            raise Unavailable(f"the SMS gateway answered {answer.status_code}")
