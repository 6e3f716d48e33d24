"""The filters of a list, read from its address. Whatever is in there, the answer is a list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext
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
KEYS = ("q", "category", "low", "high", "free", "sort")
_NUMBER = re.compile(r"\A\d{1,6}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Link:
    """A choice in a list's address."""

    word: str
    url: str
    current: bool


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
    asked: Mapping[str, str] = field(default_factory=dict)

    def url(self, **changes: str) -> str:
        """This list with some keys changed, an empty one dropped; always from its first page."""
        return f"?{urlencode({key: value for key, value in {**self.asked, **changes}.items() if value})}"

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a form for prices must send along."""
        return [(key, value) for key, value in self.asked.items() if key not in ("low", "high")]

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
        low=_short(low),
        high=_short(high),
        branch=found[0] if found else None,
        slug=found[1].slug if found else "",
        asked={key: value[:100] for key in KEYS if (value := params.get(key, ""))},
        unread=bool((params.get("low", "").strip() and not low) or (params.get("high", "").strip() and not high)),
    )


def sort_links(filters: Filters) -> list[Link]:
    return [
        Link(str(word), filters.url(sort="" if key == "relevance" else key), key == filters.wish.sort)
        for key, word in SORT_WORDS.items()
    ]


def category_links(filters: Filters, *, tree: Sequence[Branch], inside: Branch | None) -> list[Link]:
    """Inside a branch: itself and what is under it, each a page of its own. Elsewhere: the top ones, as a filter."""
    if inside is not None:
        whole = gettext("All of %(name)s") % {"name": inside.category.display_name}
        words = [(whole, inside.category), *((c.display_name, c) for c in inside.children)]
        return [Link(word, reverse("shop:category", args=[c.slug]), c.slug == filters.slug) for word, c in words]
    top = filters.branch.category.slug if filters.branch else ""
    links = [Link(gettext("All"), filters.url(category=""), not top)]
    for branch in tree:
        slug = branch.category.slug
        links.append(Link(branch.category.display_name, filters.url(category=slug), slug == top))
    return links


def price_links(filters: Filters) -> list[Link]:
    """Price ranges to choose from; the chosen one leads back to all prices."""
    links = []
    for low, high in BANDS:
        chosen = (filters.wish.low_minor, filters.wish.high_minor) == (low, high)
        low_text, high_text = (Money(end).digits if end and not chosen else "" for end in (low, high))
        links.append(Link(_range_words(low, high), filters.url(low=low_text, high=high_text), chosen))
    return links


def free_shipping_link(filters: Filters) -> Link:
    chosen = filters.wish.free_shipping
    return Link(gettext("Free shipping"), filters.url(free="" if chosen else "1"), chosen)


def _range_words(low: int | None, high: int | None) -> str:
    """Whole yuan, because the ranges end there."""
    if low is None:
        return gettext("up to %(high)s") % {"high": f"¥{(high or 0) // 100}"}
    if high is None:
        return gettext("from %(low)s") % {"low": f"¥{low // 100}"}
    return f"¥{low // 100}–{high // 100}"


def _ids(found: tuple[Branch, object]) -> tuple[int, ...]:
    branch, category = found
    return branch.ids if category is branch.category else (category.pk,)  # type: ignore[attr-defined]


def _price(text: str) -> Money | None:
    try:
        return parse(text[:40]) if text.strip() else None
    except BadAmount:
        return None


def _short(price: Money | None) -> str:
    return price.digits.removesuffix(".00") if price else ""


def _page(params: QueryDict) -> int:
    number = params.get("page", "")
    return int(number) if _NUMBER.match(number) else 1
