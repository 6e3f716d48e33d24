"""Every address of the site with who may open it and how: read from the views themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

VERBS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class DoorPlate:
    """One address. ``methods`` is empty where the view does not say; HEAD goes with GET."""

    path: str
    guard: str
    methods: tuple[str, ...]
    view: Any


def all_doors(resolver: URLResolver | None = None, prefix: str = "/") -> Iterator[DoorPlate]:
    for pattern in (resolver or get_resolver()).url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from all_doors(pattern, path)
        elif isinstance(pattern, URLPattern):
            view = pattern.callback
            yield DoorPlate(path, guard_of(view), methods_of(view), view)


def guard_of(view: Any) -> str:
    """The guard a view declares, itself or through its class; empty if none."""
    for holder in (view, getattr(view, "view_class", None), getattr(view, "cls", None)):
        if declared := getattr(holder, "guard", ""):
            return str(declared)
    return ""


def methods_of(view: Any) -> tuple[str, ...]:
    """What a class has handlers for, or what ``require_http_methods`` and its kin were given."""
    holder = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if holder is not None:
        return tuple(verb.upper() for verb in VERBS if hasattr(holder, verb))
    while view is not None:
        allowed = _enclosed(view).get("request_method_list")
        if allowed:
            return tuple(verb.upper() for verb in VERBS if verb.upper() in allowed)
        view = getattr(view, "__wrapped__", None)
    return ()


def _enclosed(view: Any) -> dict[str, Any]:
    try:
        return dict(inspect.getclosurevars(view).nonlocals)
    except TypeError:
        return {}
