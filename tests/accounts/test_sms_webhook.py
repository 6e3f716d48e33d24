"""Text messages through the operator's own gateway, over a real socket."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from accounts.channels.base import Unavailable
from accounts.channels.webhook import SIGNATURE, WebhookSms


@pytest.fixture
def gateway(settings):
    """A small gateway that notes what it gets and answers as told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append((raw, self.headers[SIGNATURE]))
            self.send_response(self.server.status)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.status = [], 200
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.SMS_WEBHOOK_URL = f"http://127.0.0.1:{server.server_port}/send"
    settings.SMS_WEBHOOK_SECRET = "a secret of the test"
    yield server
    server.shutdown()
    server.server_close()


def test_a_text_goes_out_signed_over_its_raw_bytes(gateway):
    WebhookSms().send(to="+8613800000001", body="你的包裹今天派送", key="k1")
    raw, signature = gateway.got[0]
    assert json.loads(raw) == {"to": "+8613800000001", "text": "你的包裹今天派送", "key": "k1"}
    assert signature == hmac.new(b"a secret of the test", raw, hashlib.sha256).hexdigest()


def test_a_refusal_or_silence_may_be_tried_again(gateway, settings):
    gateway.status = 500
    with pytest.raises(Unavailable):
        WebhookSms().send(to="+8613800000001", body="x", key="k1")
    settings.SMS_WEBHOOK_URL = "http://127.0.0.1:1/send"
    with pytest.raises(Unavailable):
        WebhookSms().send(to="+8613800000001", body="x", key="k1")
