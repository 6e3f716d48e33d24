"""Parts of the shop's hottest pages, filled into a drawing that was made once per kind."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import lru_cache
from html import escape
from operator import attrgetter
from typing import Any

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from core.held import is_called_escrow
from core.templatetags.frame import CLOSE, OPEN, frame

register = template.Library()
KINDS = ("has_image", "lazy", "in_stock", "any_sold", "free", "any_region", "escrow")
HOLES = ("url", "title", "image", "alt", "sign", "whole", "part", "price", "sold", "store", "region")
_words_of = attrgetter(*HOLES)


@register.simple_tag
def product_cards(cards: Iterable[Any], eager: int = 0) -> SafeString:
    """Cards with the fields of ``HOLES``, in_stock and free_shipping; the first ``eager`` pictures load at once."""
    draw, language = _draw if settings.DEBUG else _drawn, get_language() or ""
    rows, escrow = [], is_called_escrow()
    for place, card in enumerate(cards):
        more = (card.free_shipping, bool(card.region), escrow)
        kind = (bool(card.image), place >= eager, card.in_stock, bool(card.sold), *more)
        rows.append(draw(language, kind).format(*map(escape, _words_of(card))))
    return mark_safe("".join(('<ul class="grid-cards">', *rows, "</ul>")))


@register.simple_tag
def guarantee(days: int, held: Hashable = None, codes: bool = False) -> SafeString:
    """
    The box that says how the money is held; the same on every product of one policy.

    ``held``: by whom, how long. ``codes``: delivered by the payment, not by a parcel.
    """
    return frame("guarantee_box", {"days": days, "held": held, "codes": codes}, {})


def _draw(language: str, kind: tuple[bool, ...]) -> str:
    """The card of one kind as a format string. Words are escaped before they go in, and braces in them stay words."""
    holes = {name: f"{OPEN}{name}{CLOSE}" for name in HOLES}
    drawn: str = render_to_string("components/shelf_card.html", {**holes, **dict(zip(KINDS, kind, strict=True))})
    drawn = drawn.replace("{", "{{").replace("}", "}}")
    for place, name in enumerate(HOLES):
        drawn = drawn.replace(f"{OPEN}{name}{CLOSE}", f"{{{place}}}")
    return drawn


_drawn = lru_cache(maxsize=256)(_draw)
