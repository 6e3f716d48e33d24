"""What a dialect is to the server that carries it: requests in, answers out, and how its notices are signed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl

from escrow.fakepay.book import Book
from escrow.fakepay.entries import Charge, Event


@dataclass(frozen=True, slots=True)
class Request:
    """
    A request as it came. ``path`` begins behind the dialect's name; header names are lower case.

    ``base``: scheme, host and dialect, with no slash at its end: what an absolute address of ours begins with.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    base: str

    @property
    def params(self) -> list[tuple[str, str]]:
        """The query's fields."""
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def form(self) -> list[tuple[str, str]]:
        """The body's fields, of a form."""
        return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(data: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer."""
    return Response(status, json.dumps(data, ensure_ascii=False).encode(), headers=headers)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A notice as it leaves: signed headers (with its content type) and exact bytes."""

    headers: Mapping[str, str]
    body: bytes


class Dialect(Protocol):
    """
    One provider's way of speaking.

    Its module offers ``build(book, values) -> Dialect``; ``values`` are the secrets and numbers it was started with,
    and what is missing it makes up.
    """

    book: Book

    def op(self, request: Request) -> str:
        """The act a request asks for, in the words of ``faults``; empty: none that a fault may meet."""
        ...

    def handle(self, request: Request) -> Response: ...

    def notice(self, event: Event) -> Outgoing | None:
        """The signed notice of an event; None if this provider sends none for its kind."""
        ...

    def accepts(self, status: int, body: bytes) -> bool:
        """Whether the shop's answer to a notice is what this provider takes for received."""
        ...

    def shop_values(self, base: str) -> Mapping[str, str]:
        """What the shop must put into its settings of this provider to talk to us at ``base``."""
        ...

    def return_address(self, charge: Charge) -> str:
        """Where the payer's browser goes after our page."""
        ...
