"""The sandbox carrier's wire, answered in this process: real requests, no socket."""

from __future__ import annotations

from collections.abc import Callable

import httpx
from django.test import Client

from logistics.carriers.sandbox import SandboxCarrier

SECRET = "sandbox-carrier-secret"
Answer = Callable[[httpx.Request], httpx.Response]


def answer_here(request: httpx.Request) -> httpx.Response:
    """Hand a request to the shop itself, with its bytes and headers as they came."""
    kind = request.headers.get("content-type", "application/octet-stream")
    target = request.url.raw_path.decode()
    answer = Client().generic(request.method, target, request.read(), content_type=kind, headers=dict(request.headers))
    return httpx.Response(answer.status_code, content=answer.content)


def client_to(answer: Answer) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://testserver")


def carrier_that(answer: Answer) -> SandboxCarrier:
    """A carrier on the other end that answers as told."""
    return SandboxCarrier(client_to(answer), secret=SECRET)
