"""The pretended provider on a socket, and a shop's address that its notices are sent to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from escrow.fakepay.server import Server
from escrow.fakepay.serving import served


class Bank:
    """The pretended provider: its application, for what a payer does there, and its address."""

    def __init__(self, app: Server, base: str) -> None:
        self.app = app
        self.base = base

    def address(self, dialect: str) -> str:
        return f"{self.base}/{dialect}"


class Shop:
    """Takes notices at ``url`` and keeps them; ``status`` and ``body`` are what it answers."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.body = b"success"
        self.got: list[tuple[dict[str, str], bytes]] = []


@pytest.fixture
def bank() -> Iterator[Bank]:
    app = Server()
    with served(app) as base:
        yield Bank(app, base)


@pytest.fixture
def shop() -> Iterator[Shop]:
    heard = Shop()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            heard.got.append((dict(self.headers.items()), body))
            self.send_response(heard.status)
            self.send_header("Content-Length", str(len(heard.body)))
            self.end_headers()
            self.wfile.write(heard.body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as web:
        heard.url = f"http://127.0.0.1:{web.server_port}/notify"
        threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield heard
        web.shutdown()


# What an act of ``test_bad_moods`` needs its provider to do.
NEEDED = {"create": "create", "payout": "payouts", "release": "Releases", "reverse_release": "Releases"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave a test out for the providers that lack what it is about; partners say what they lack."""
    from tests.contracts.partners import partners

    known = partners()

    def is_lacking(item: pytest.Item) -> bool:
        params = getattr(getattr(item, "callspec", None), "params", {})
        partner = known.get(str(params.get("deal")))
        wanted = {name for mark in item.iter_markers("needs") for name in mark.args}
        return partner is not None and bool((wanted | {NEEDED.get(params.get("op"), "")}) & partner.lacks)

    left_out = [item for item in items if is_lacking(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]
