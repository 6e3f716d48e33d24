"""The filters of a list, read from its address. Whatever is in there, the answer is a list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from core.money import BadAmount, Money, parse
from shop.queries.catalogue import ORDERS, Branch, Wish, branch_of
from shop.search import MAX_QUERY, read_query

SORT_WORDS = {
    "relevance": _("Best match"),
    "sold": _("Most sold"),
    "new": _("Newest"),
    "price": _("Price, low first"),
    "price-down": _("Price, high first"),
}
BANDS = ((None, 5_000), (5_000, 20_000), (20_000, 50_000), (50_000, None))
_NUMBER = re.compile(r"\A\d{1,6}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Filters:
    """A wish, and the words in which it was asked. ``unread``: prices that are no prices, told on the page."""

    wish: Wish
    page: int
    text: str = ""
    low: str = ""
    high: str = ""
    branch: Branch | None = None
    slug: str = ""
    unread: bool = False

    @property
    def is_narrowed(self) -> bool:
        wish = self.wish
        return bool(wish.low_minor or wish.high_minor or wish.free_shipping or (self.text and self.slug))


def read_filters(params: QueryDict, *, tree: list[Branch], slug: str = "", store_id: UUID | None = None) -> Filters:
    """Understand ``q category low high free sort page``. A category in the path goes before one asked for."""
    text = " ".join(params.get("q", "")[: MAX_QUERY * 2].replace("\x00", " ").split())[:MAX_QUERY]
    found = branch_of(tree, slug=slug or params.get("category", ""))
    low, high = _price(params.get("low", "")), _price(params.get("high", ""))
    sort = params.get("sort", "")
    wish = Wish(
        query=read_query(text),
        category_ids=_ids(found) if found else (),
        store_id=store_id,
        low_minor=low.minor if low else None,
        high_minor=high.minor if high else None,
        free_shipping=params.get("free") == "1",
        sort=sort if sort in ORDERS else "relevance",
    )
    if low and high and low.minor > high.minor:
        wish, low, high = replace(wish, low_minor=high.minor, high_minor=low.minor), high, low
    return Filters(
        wish=wish,
        page=_page(params),
        text=text,
        low=low.digits if low else "",
        high=high.digits if high else "",
        branch=found[0] if found else None,
        slug=found[1].slug if found else "",
        unread=bool((params.get("low", "").strip() and not low) or (params.get("high", "").strip() and not high)),
    )


def price_bands(filters: Filters) -> list[Mapping[str, object]]:
    """Price ranges to choose from, as the keys of the address that choose them."""
    bands: list[Mapping[str, object]] = []
    for low, high in BANDS:
        chosen = (filters.wish.low_minor, filters.wish.high_minor) == (low, high)
        words = {"low": Money(low) if low else None, "high": Money(high) if high else None}
        bands.append({"words": words, "current": chosen, **{k: m.digits if m else "" for k, m in words.items()}})
    return bands


def _ids(found: tuple[Branch, object]) -> tuple[int, ...]:
    branch, category = found
    return branch.ids if category is branch.category else (category.pk,)  # type: ignore[attr-defined]


def _price(text: str) -> Money | None:
    try:
        return parse(text[:40]) if text.strip() else None
    except BadAmount:
        return None


def _page(params: QueryDict) -> int:
    number = params.get("page", "")
    return int(number) if _NUMBER.match(number) else 1
