"""Stripe's way of writing: nested form fields in, errors and pages of a list out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from escrow.fakepay.dialect import Response, answer
from escrow.fakepay.entries import Refusal

_PART = re.compile(r"[^\[\]]+")
_CODES = {
    "not_found": (404, "resource_missing"),
    "bad_amount": (400, "parameter_invalid_integer"),
    "over_cap": (400, "amount_too_large"),
    "wrong_state": (400, "resource_wrong_state"),
    "short_of_money": (400, "balance_insufficient"),
    "key_reused": (400, "idempotency_error"),
}


class StripeError(Exception):
    """A refusal in Stripe's shape. ``is_final``: an act was begun, so the same key gets the same answer again."""

    def __init__(
        self, code: str, words: str, *, status: int = 400, kind: str = "invalid_request_error", is_final: bool = False
    ) -> None:
        self.code, self.words, self.status, self.kind, self.is_final = code, words, status, kind, is_final
        super().__init__(words)

    def as_answer(self) -> Response:
        return answer({"error": {"code": self.code, "message": self.words, "type": self.kind}}, self.status)


def error_of(refusal: Refusal) -> StripeError:
    """The book's no in Stripe's words."""
    status, code = _CODES[refusal.code]
    return StripeError(code, refusal.words, status=status, is_final=True)


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """``a[b][0][c]=d`` and ``a[]=b`` as dicts; numbered and unnumbered lists become lists."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        parts = _PART.findall(name)
        if name.endswith("[]"):
            parts.append(str(sum(other == name for other, _ in pairs) and _next_index(tree, parts)))
        here = tree
        for part in parts[:-1]:
            here = here.setdefault(part, {})
        here[parts[-1]] = value
    result: dict[str, Any] = _with_lists(tree)
    return result


def _next_index(tree: Mapping[str, Any], parts: Sequence[str]) -> int:
    here: Any = tree
    for part in parts:
        here = here.get(part, {}) if isinstance(here, dict) else {}
    return len(here)


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inside = {name: _with_lists(part) for name, part in value.items()}
    if inside and all(name.isdigit() for name in inside):
        return [inside[name] for name in sorted(inside, key=int)]
    return inside


def need(params: Mapping[str, Any], name: str) -> str:
    """:raises StripeError: if the field is missing"""
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise StripeError("parameter_missing", f"Missing required param: {name}.")
    return value


def whole(params: Mapping[str, Any], name: str) -> int:
    """:raises StripeError: if the field is missing or no whole positive number"""
    text = need(params, name)
    if not re.fullmatch(r"\d{1,12}", text) or not int(text):
        raise StripeError("parameter_invalid_integer", f"Invalid integer: {text}")
    return int(text)


def listed(rows: Sequence[Mapping[str, Any]], params: Mapping[str, Any], url: str) -> dict[str, Any]:
    """A page of rows, newest first: ``limit`` (10 unless told), ``starting_after``, ``created[gte|gt|lte|lt]``."""
    bounds = params.get("created") or {}
    kept = [row for row in rows if _within(int(row["created"]), bounds)]
    kept.sort(key=lambda row: int(row["created"]), reverse=True)
    if "starting_after" in params:
        ids = [row["id"] for row in kept]
        if params["starting_after"] not in ids:
            raise StripeError("resource_missing", "No such object: starting_after", status=400)
        kept = kept[ids.index(params["starting_after"]) + 1 :]
    limit = int(params.get("limit", 10))
    if not 1 <= limit <= 100:
        raise StripeError("parameter_invalid_integer", "limit must be between 1 and 100")
    return {"object": "list", "url": url, "has_more": len(kept) > limit, "data": kept[:limit]}


def _within(created: int, bounds: Any) -> bool:
    if not isinstance(bounds, Mapping):
        return created == int(bounds)
    checks = {
        "gte": lambda edge: created >= edge, "gt": lambda edge: created > edge,
        "lte": lambda edge: created <= edge, "lt": lambda edge: created < edge,
    }  # fmt: skip
    return all(checks[name](int(edge)) for name, edge in bounds.items())


def canonical(params: Mapping[str, Any]) -> str:
    return json.dumps(params, sort_keys=True)
