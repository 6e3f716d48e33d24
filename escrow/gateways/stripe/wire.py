"""Calls to Stripe's API: nested form fields out, JSON in, its errors in the port's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

from escrow.gateways.base import Refused, Unavailable

VERSION = "2024-06-20"  # what the shapes below were read from; an account's own default may be any other
PAGE = 100  # Stripe's longest
MOST_PAGES = 500
# 409: the same key is being worked on. 401 and 403: the operator's key is wrong, which says nothing about the act.
_MAY_PASS = frozenset({401, 403, 409, 429})


class Wire:
    """One account's API. The secret key decides whether it is the test one (``is_live``)."""

    def __init__(self, *, client: httpx.Client, secret_key: str) -> None:
        self.client = client
        self.is_live = secret_key.startswith(("sk_live_", "rk_live_"))
        self._headers = {"Authorization": f"Bearer {secret_key}", "Stripe-Version": VERSION}

    def get(self, path: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """
        :raises Unavailable: if no usable answer came
        :raises Refused: with Stripe's code
        """
        return self._read(lambda: self.client.get(path, params=dict(flat(fields or {})), headers=self._headers))

    def post(self, path: str, fields: Mapping[str, Any] | None = None, *, key: str = "") -> dict[str, Any]:
        """
        Do something, once under its key as long as Stripe keeps keys: a day at least.

        :raises Unavailable: if no usable answer came: what happened is then unknown
        :raises Refused: with Stripe's code
        """
        headers = {**self._headers, **({"Idempotency-Key": key} if key else {})}
        body = dict(flat(fields or {}))
        return self._read(lambda: self.client.post(path, data=body, headers=headers))

    def all(self, path: str, fields: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Every row of a list, page by page, newest first."""
        after: dict[str, Any] = {}
        for _ in range(MOST_PAGES):
            page = self.get(path, {**fields, "limit": PAGE, **after})
            yield from page["data"]
            if not page["has_more"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}
        raise Unavailable

    def _read(self, ask: Callable[[], httpx.Response]) -> dict[str, Any]:
        try:
            answer = ask()
        except httpx.TransportError as fault:
            raise Unavailable from fault
        if answer.status_code in _MAY_PASS or answer.status_code >= 500:
            raise Unavailable
        try:
            body: dict[str, Any] = answer.json()
        except ValueError as fault:
            raise Unavailable from fault
        if answer.is_error:
            raise Refused(_why(body, answer.status_code))
        if not answer.is_success or not isinstance(body, dict):
            raise Unavailable
        return body


def _why(body: Any, status: int) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return str(status)
    return str(error.get("code") or error.get("type") or status)[:200]


def flat(fields: Mapping[str, Any], inside: str = "") -> list[tuple[str, str]]:
    """``{"a": {"b": [1]}}`` as ``a[b][0]=1``, truth as ``true``; None is left out."""
    pairs: list[tuple[str, str]] = []
    for name, value in fields.items():
        full = f"{inside}[{name}]" if inside else name
        if isinstance(value, Mapping):
            pairs += flat(value, full)
        elif isinstance(value, list | tuple):
            pairs += flat({str(index): item for index, item in enumerate(value)}, full)
        elif value is not None:
            pairs.append((full, str(value).lower() if isinstance(value, bool) else str(value)))
    return pairs
