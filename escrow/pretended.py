"""
The way to the pretended provider's control doors, for the sandbox's pages; and that provider in this process.

In the demo it is a process of its own (``python -m escrow.fakepay``). Where no server runs, for tests and while the
demo is being filled, it answers here, from the same folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
from django.conf import settings

from core import wire
from core.errors import NotFound
from escrow.fakepay.dialect import Outgoing
from escrow.fakepay.server import Server
from escrow.fakepay.values import bank_in
from escrow.gateways.base import Unavailable

DIALECTS = {"sandbox": "sandbox", "alipay": "alipay", "wechatpay": "wechat", "stripe": "stripe"}  # ours → its own
HERE = "http://fakepay.invalid"  # its address in this process; nothing may ever listen there
TIMEOUT_SECONDS = 30
NOTICE_SECONDS = 10


class NotDone(Exception):
    """The pretended provider says no; ``args[0]`` is its reason."""


def ask(act: str, gateway: str, **body: Any) -> Any:
    """
    What a control door answers.

    :raises NotDone: if it refuses
    :raises Unavailable: if nobody answers
    """
    client = wire.client(base_url=settings.FAKEPAY_URL, timeout_seconds=TIMEOUT_SECONDS, tells_time=True)
    try:
        answer = client.post(f"/control/{DIALECTS[gateway]}/{act}", json=body)
    except (httpx.HTTPError, httpx.UnsupportedProtocol) as fault:
        raise Unavailable from fault
    if answer.status_code in (400, 404, 409):
        raise NotDone(answer.json().get("words", answer.json().get("error", "")))
    if answer.is_error:
        raise Unavailable
    return answer.json()


def gateway_of(dialect: str) -> str:
    """:raises NotFound: if nobody speaks so"""
    for ours, own in DIALECTS.items():
        if own == dialect:
            return ours
    raise NotFound


class Rows(Sequence[dict[str, Any]]):
    """All books' rows, fetched a page at a time. ``kind``: payment, refund, payout or empty for all."""

    def __init__(self, kind: str = "") -> None:
        self.kind = kind

    def __len__(self) -> int:
        return int(ask("book", "sandbox", kind=self.kind, count=0)["count"])

    def __getitem__(self, place: Any) -> Any:
        start, count = (place.start or 0, place.stop - (place.start or 0)) if isinstance(place, slice) else (place, 1)
        rows = ask("book", "sandbox", kind=self.kind, start=start, count=count)["rows"]
        return rows if isinstance(place, slice) else rows[0]


def shop_values(server: Server, *names: str) -> dict[str, Mapping[str, str]]:
    """Settings of providers, for a shop in this process."""
    return {name: server.dialects[DIALECTS[name]].shop_values(f"{HERE}/{DIALECTS[name]}") for name in names}


def post_here(url: str, outgoing: Outgoing) -> tuple[int, bytes]:
    """Bring a notice by our own wire, which may lead to this very process."""
    try:
        client = wire.client(timeout_seconds=NOTICE_SECONDS)
        answer = client.post(url, content=outgoing.body, headers=dict(outgoing.headers))
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        return 0, str(fault).encode()
    return answer.status_code, answer.content[:10_000]


@contextmanager
def answering_here() -> Iterator[None]:
    """Let the sandbox's bank, and the site itself, answer in this process for a while."""
    server = bank_in(settings.FAKEPAY_DIR, post=post_here, fee_bps=settings.SANDBOX_FEE_BPS)
    before = settings.FAKEPAY_URL, settings.PROVIDERS
    settings.FAKEPAY_URL = HERE
    settings.PROVIDERS = {**settings.PROVIDERS, **shop_values(server, "sandbox")}
    try:
        with wire.in_process({HERE: server}):
            yield
    finally:
        settings.FAKEPAY_URL, settings.PROVIDERS = before
        server.store.close()
