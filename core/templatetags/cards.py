"""Products in a list: the hottest rows of the shop, filled into a card that was drawn once per kind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from core.templatetags.frame import frame

register = template.Library()
HOLES = ("url", "title", "image", "alt", "sign", "whole", "part", "price", "sold", "store", "region")


@register.simple_tag
def product_cards(cards: Iterable[Any], eager: int = 0) -> SafeString:
    """Cards with the fields of ``HOLES``, in_stock and free_shipping; the first ``eager`` pictures load at once."""
    rows = [_card(card, lazy=place >= eager) for place, card in enumerate(cards)]
    return mark_safe("".join(('<ul class="grid-cards">', *rows, "</ul>")))


def _card(card: Any, *, lazy: bool) -> str:
    kind = {
        "has_image": bool(card.image),
        "lazy": lazy,
        "in_stock": card.in_stock,
        "any_sold": bool(card.sold),
        "free": card.free_shipping,
        "any_region": bool(card.region),
    }
    return frame("shelf_card", kind, {name: getattr(card, name) for name in HOLES})
