"""
The frame around every page: header, footer, side navigation.

It is the same for everybody of a kind but for a few words, and drawing it afresh costs more than the page inside it.
So each kind is drawn once per process, with holes, and the holes are filled per request. Nothing personal is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()

# Two letters of the private use area: no catalogue holds them, and escaping leaves them alone.
OPEN, CLOSE = "\ue000", "\ue001"
_HOLE = re.compile(f"{OPEN}(\\w+){CLOSE}")
PLACES = {
    "merchant": (
        "orders",
        "shipping",
        "products",
        "coupons",
        "messages",
        "cases",
        "money",
        "settings",
        "apply",
        "documents",
        "team",
        "trial",
        "stores",
    ),
    "console": (
        "cases",
        "payments",
        "payouts",
        "reconciliation",
        "journal",
        "health",
        "orders",
        "applications",
        "stores",
        "documents",
        "accounts",
        "incidents",
        "announcements",
    ),
}
WITHIN = {"recoveries": "accounts"}  # pages without a place of their own, and whose they are
HEADER_PLACES = {"/cart/": "cart", "/orders/": "orders", "/me/inbox/": "inbox"}


def _draw(name: str, language: str, holes: tuple[str, ...], kind: tuple[tuple[str, Any], ...]) -> tuple[str, ...]:
    inputs = {**{hole: f"{OPEN}{hole}{CLOSE}" for hole in holes}, **dict(kind)}
    return tuple(_HOLE.split(render_to_string(f"components/{name}.html", inputs)))


_drawn = lru_cache(maxsize=512)(_draw)


def frame(name: str, kind: Mapping[str, Any], holes: Mapping[str, Any]) -> SafeString:
    """A part of the frame. ``kind``: few values, part of what is kept; ``holes``: this request's words, escaped."""
    draw = _draw if settings.DEBUG else _drawn
    pieces = draw(name, get_language() or "", tuple(holes), tuple(kind.items()))
    filled = [escape(holes[piece]) if at % 2 else piece for at, piece in enumerate(pieces)]
    return mark_safe("".join(filled))


@register.simple_tag(takes_context=True)
def site_header(context: Context) -> SafeString:
    """Brand, search, and the visitor's own places."""
    request, user = context.get("request"), context.get("user")
    signed_in = bool(user is not None and user.is_authenticated)
    carts, unread = context.get("cart_count") or 0, context.get("unread_count") or 0
    kind = {
        "signed_in": signed_in,
        "has_store": bool(signed_in and context.get("has_store")),
        "is_mediator": bool(context.get("is_mediator")),
        "here": HEADER_PLACES.get(request.path, "") if request is not None else "",
        "any_carts": bool(carts),
        "any_unread": bool(unread),
        "SANDBOX": bool(context.get("SANDBOX")),
    }
    holes = {
        "q": request.GET.get("q", "")[:80] if request is not None else "",
        "next_path": request.get_full_path() if request is not None else "/",
        "csrf_token": context.get("csrf_token") or "",
        "person": getattr(user, "display_name", user) if signed_in else "",
        "carts": carts,
        "unread": unread,
    }
    return frame("header", kind, holes)


@register.simple_tag(takes_context=True)
def site_footer(context: Context) -> SafeString:
    """The guarantee, the rules, and what the law wants shown."""
    shown = context.get("FOOTER") or {}
    return frame("footer", {key: shown.get(key, "") for key in ("icp", "police", "licence_url", "report")}, {})


@register.simple_tag(takes_context=True)
def side_nav(context: Context, office: str) -> SafeString:
    """Places of the merchant's office or of the staff console."""
    request, store = context.get("request"), context.get("my_store")
    segments = request.path.split("/") if request is not None else []
    place = segments[2] if len(segments) > 2 else ""
    place = WITHIN.get(place, place)
    kind = {"here": place if place in PLACES[office] else "home"}
    return frame(f"{office}_nav", kind, {"store": getattr(store, "display_name", "")})
