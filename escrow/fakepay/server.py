"""
The pretended provider as a plain WSGI application.

``/<dialect>/…`` speaks the dialect, ``/control/<dialect>/<act>`` takes JSON, ``/page/<dialect>/<number>`` is where a
payer pays by hand.
"""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from importlib import import_module
from typing import Any
from urllib.parse import quote, urljoin

from escrow.fakepay.account import Clock
from escrow.fakepay.book import Book
from escrow.fakepay.control import ACTS
from escrow.fakepay.dialect import Dialect, Request, Response, answer
from escrow.fakepay.entries import Refusal
from escrow.fakepay.faults import ON_THE_WIRE, Faults
from escrow.fakepay.notices import Notices, Post
from escrow.fakepay.store import Store

NAMES = ("sandbox", "stripe", "alipay", "wechat")
HUNG_UP = Response(504, b"")
SHOP_PAGE = "/sandbox/pay/{dialect}/{ref}/"
STRIPE_HOOK = "/webhooks/payments/stripe/"
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Pretended payment</title><h1>{amount} {currency}</h1><p>{description}</p>
<p>This is a pretended provider: no money moves.</p>
<form method="post"><button name="act" value="pay">Pay</button> <button name="act" value="decline">Decline</button>
<button name="act" value="back">Go back</button></form></html>"""


class _Made(dict[str, Any]):
    """What is made when it is first asked for: a dialect's keys take a moment."""

    def __init__(self, make: Callable[[str], Any]) -> None:
        super().__init__()
        self.make = make

    def __missing__(self, name: str) -> Any:
        self[name] = self.make(name)
        return self[name]


class Server:
    """
    All dialects with a book each, in one store. ``values``: dialect → what it is started with.

    ``is_bank``: it is the bank of a sandbox: payers are sent to the shop's page that plays it, and notices leave before
    whoever caused them is answered. ``post``: how notices leave, if not through a socket.
    """

    def __init__(
        self, values: Mapping[str, Mapping[str, str]] | None = None, *, store: Store | None = None,
        is_bank: bool = False, post: Post | None = None, fee_bps: int = 0,
    ) -> None:  # fmt: skip
        self.values = values or {}
        self.clock = Clock()
        self.store = store or Store()
        self.is_bank, self.post, self.fee_bps = is_bank, post, fee_bps
        self.names = set(NAMES)
        self.dialects: dict[str, Dialect] = _Made(self._build)
        self.notices: dict[str, Notices] = _Made(self._notices)

    def _build(self, name: str) -> Dialect:
        if name not in NAMES:
            raise KeyError(name)
        book = Book(faults=Faults(), clock=self.clock, fee_bps=self.fee_bps, store=self.store, name=name)
        made: Dialect = import_module(f"escrow.fakepay.{name}").build(book, self.values.get(name, {}))
        return made

    def _notices(self, name: str) -> Notices:
        url = STRIPE_HOOK if self.is_bank and name == "stripe" else ""
        return Notices(self.dialects[name], url=url, post=self.post)

    def all_dialects(self) -> dict[str, Dialect]:
        """Every dialect, also those that nobody has spoken yet."""
        return {name: self.dialects[name] for name in sorted(self.names)}

    def register(self, name: str, dialect: Dialect) -> None:
        self.names.add(name)
        self.dialects[name] = dialect
        self.notices[name] = Notices(dialect, post=self.post)

    def name_of(self, dialect: Dialect) -> str:
        return next(name for name, row in self.dialects.items() if row is dialect)

    def send_due(self) -> None:
        """Try every notice that is due, of every dialect that was spoken."""
        for name in list(self.dialects):
            self.notices[name].send_due()

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        given = self._answer(environ)
        if self.is_bank:
            self.send_due()
        if given is HUNG_UP and "fakepay.hang_up" in environ:
            environ["fakepay.hang_up"]()
        headers = [("Content-Type", given.content_type), ("Content-Length", str(len(given.body)))]
        start_response(f"{given.status} {HTTPStatus(given.status).phrase}", headers + list(given.headers.items()))
        return [given.body]

    def _answer(self, environ: Mapping[str, Any]) -> Response:
        parts = str(environ["PATH_INFO"]).split("/", 3)
        room, rest = parts[1], parts[2:]
        if told := environ.get("HTTP_SANDBOX_NOW"):
            self.clock.tell(float(told))
        origin = f"{environ.get('wsgi.url_scheme', 'http')}://{environ.get('HTTP_HOST', '127.0.0.1')}"
        if room in self.names:
            request = request_of(environ, path="/" + "/".join(rest), base=f"{origin}/{room}")
            return self._speak(self.dialects[room], request)
        if room == "healthz":
            return answer({"status": "ok"})
        if len(rest) == 2 and rest[0] in self.names:
            request = request_of(environ, path=rest[1].strip("/"), base=origin)
            if room == "control":
                return self._control(self.dialects[rest[0]], request)
            if room == "page":
                return page(self.dialects[rest[0]], request, shop_page=SHOP_PAGE if self.is_bank else "")
        return answer({"error": "no such door"}, 404)

    def _speak(self, dialect: Dialect, request: Request) -> Response:
        """Let the dialect answer, with what the script says about the wire."""
        op = dialect.op(request)
        fault = dialect.book.faults.take(op, moods=ON_THE_WIRE) if op else None
        mood = fault.mood if fault else ""
        if mood == "fail_before":
            return Response(503, b"")
        given = dialect.handle(request)
        if mood == "duplicate":
            given = dialect.handle(request)
        if fault and mood == "delay":
            time.sleep(fault.seconds)
        return HUNG_UP if mood == "lose" else given

    def _control(self, dialect: Dialect, request: Request) -> Response:
        act = ACTS.get(request.path)
        if act is None:
            return answer({"error": "no such act"}, 404)
        try:
            body = json.loads(request.body or b"{}")
            if request.path == "values":
                body["base"] = request.base
            return answer(act(self, dialect, body))
        except Refusal as refusal:
            return answer({"error": refusal.code, "words": refusal.words}, 409)
        except (ValueError, TypeError, KeyError) as fault:
            return answer({"error": "bad_request", "words": str(fault)}, 400)


def request_of(environ: Mapping[str, Any], *, path: str, base: str) -> Request:
    headers = {name[5:].replace("_", "-").lower(): str(text) for name, text in environ.items() if name[:5] == "HTTP_"}
    headers["content-type"] = str(environ.get("CONTENT_TYPE", ""))
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return Request(str(environ["REQUEST_METHOD"]), path, str(environ.get("QUERY_STRING", "")), headers, body, base)


def page(dialect: Dialect, request: Request, *, shop_page: str = "") -> Response:
    """The hosted page: pay, decline, or go back to the shop. ``shop_page``: where the shop plays it."""
    try:
        charge = dialect.book.charge(request.path)
        if shop_page:
            path = shop_page.format(dialect=dialect.book.name, ref=quote(charge.ref, safe=""))
            return Response(303, b"", "text/html", {"Location": urljoin(charge.return_url or charge.notify_url, path)})
        act = dict(request.form).get("act")
        if request.method == "POST" and act in ("pay", "decline"):
            dialect.book.pay(charge.ref) if act == "pay" else dialect.book.decline(charge.ref)
    except Refusal as refusal:
        return Response(409, html.escape(refusal.words).encode(), "text/html; charset=utf-8")
    if request.method == "POST":
        return Response(303, b"", "text/html", {"Location": dialect.return_address(charge) or request.base})
    words = {
        "amount": str(charge.minor), "currency": html.escape(charge.currency),
        "description": html.escape(charge.description),
    }  # fmt: skip
    return Response(200, _PAGE.format(**words).encode(), "text/html; charset=utf-8")
