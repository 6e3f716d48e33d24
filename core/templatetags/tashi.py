"""The house's filters and tags: money, time, icons, links that keep their filters."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.http import QueryDict
from django.template import Context
from django.templatetags.static import static
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from core import clock, wording
from core.money import Money
from core.tips import tips_at

register = template.Library()

NOTHING = "–"
_DATE = re.compile(r"\d[\d年月日]*（\w\w）(?:\d\d:\d\d)?")
_PARTS = re.compile(r"\A(-?)([^\d-]*)([\d,]+)(\.\d+)?\Z")
_sprite_urls: dict[str, str] = {}


def _as_money(amount: Money | int | str | None, currency: str) -> Money | None:
    if amount is None or amount == "":
        return None
    return amount if isinstance(amount, Money) else Money(int(amount), currency or "CNY")


@register.filter
def money(amount: Money | int | str | None, currency: str = "CNY") -> str:
    """``¥1,280.00`` from a Money, or from minor units and a currency."""
    value = _as_money(amount, currency)
    return NOTHING if value is None else str(value)


@register.filter
def signed(amount: Money | int | str | None, currency: str = "CNY") -> str:
    """``+¥128.00`` or ``-¥128.00``: for running accounts, where the direction is the point."""
    value = _as_money(amount, currency)
    if value is None:
        return NOTHING
    return f"+{value}" if value.minor > 0 else str(value)


@register.simple_tag
def price(amount: Money | int | str | None, size: str = "", currency: str = "CNY") -> SafeString | str:
    """
    An amount in three sizes: small sign, big whole number, small decimals.

    Readers of the page by ear get the amount once, in one piece. ``size``: ``lg``, ``xl``, ``plain``, ``was``.
    """
    value = _as_money(amount, currency)
    if value is None:
        return NOTHING
    text = str(value)
    parts = _PARTS.match(text)
    if parts is None:
        return text
    minus, sign, whole, decimals = parts.groups()
    return format_html(
        '<span class="price{}"><span aria-hidden="true"><small>{}{}</small><b>{}</b><small>{}</small></span>'
        '<span class="visually-hidden">{}</span></span>',
        f" price-{size}" if size else "",
        minus,
        sign,
        whole,
        decimals or "",
        text,
    )


@register.filter
def when(at: datetime | None) -> str:
    """``Thu 3 Dec, 14:00`` in the reader's language and time zone."""
    return NOTHING if not at else wording.when(at)


@register.filter
def whole_dates(text: str) -> SafeString:
    """A sentence whose Chinese dates do not break inside their brackets."""
    return mark_safe(_DATE.sub(r'<span class="whole">\g<0></span>', conditional_escape(text)))


@register.filter
def day(at: datetime | date | None) -> str:
    """``Thu 3 Dec`` in the reader's language and time zone."""
    return NOTHING if not at else wording.day(at)


@register.filter
def until(at: datetime | None, now: datetime | None = None) -> str:
    """``in 2 d 3 h``; once the instant has passed, ``2 d 3 h ago``."""
    return NOTHING if not at else wording.until(at, now=now)


register.filter("ago", until)


@register.filter
def mask_phone(phone: object) -> str:
    """``138****1234``."""
    return wording.mask_phone(str(phone or ""))


@register.filter
def mask_name(name: object) -> str:
    """The first letter and two stars."""
    return wording.mask_name(str(name or ""))


@register.simple_tag
def clock_attrs() -> SafeString:
    """What the ticking script needs from the server: its time, and the words of a countdown."""
    return format_html(
        'data-now="{}" data-words="{}"',
        clock.now().isoformat(timespec="seconds"),
        json.dumps(wording.countdown_words(), ensure_ascii=False),
    )


def _sprite_url() -> str:
    if settings.DEBUG:
        return static("icons/sprite.svg")
    # A page has dozens of icons and the manifest look-up parses a URL each time.
    if settings.STATIC_URL not in _sprite_urls:
        _sprite_urls[settings.STATIC_URL] = static("icons/sprite.svg")
    return _sprite_urls[settings.STATIC_URL]


@lru_cache(maxsize=1024)
def _icon(sprite: str, name: str, label: str, kind: str) -> SafeString:
    css = f"icon icon-{kind}" if kind else "icon"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}#{}"></use></svg>', css, label, sprite, name
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', css, sprite, name)


@register.simple_tag
def icon(name: str, label: str = "", kind: str = "") -> SafeString:
    """One icon of the sprite; decoration unless it has a label of its own."""
    return _icon(_sprite_url(), name, str(label), kind)


@register.simple_tag
def moment(at: datetime | None) -> SafeString | str:
    """A time element: the absolute time for people, the exact instant for machines."""
    if not at:
        return NOTHING
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), wording.when(at))


@register.simple_tag
def countdown(at: datetime, css: str = "") -> SafeString:
    """A time element that says how long until then; a script lets it tick."""
    return format_html(
        '<time class="{}" datetime="{}" data-countdown>{}</time>', css, at.isoformat(), wording.until(at)
    )


@register.simple_tag(takes_context=True)
def qs(context: Context, **changes: Any) -> str:
    """This page's query string with some keys replaced; ``None`` or empty drops a key, any change goes to page 1."""
    request = context.get("request")
    query = request.GET.copy() if request is not None else QueryDict(mutable=True)
    if "page" not in changes:
        query.pop("page", None)
    for key, value in changes.items():
        if value is None or value == "":
            query.pop(key, None)
        else:
            query[key] = str(value)
    return f"?{query.urlencode()}" if query else "?"


@register.filter
def page_numbers(page: Page[Any]) -> list[int | None]:
    """Numbers to offer around a page; ``None`` stands for the ones left out."""
    last = page.paginator.num_pages
    near = {1, 2, last - 1, last, page.number - 1, page.number, page.number + 1}
    numbers: list[int | None] = []
    for number in sorted(n for n in near if 1 <= n <= last):
        if numbers and numbers[-1] is not None and number - numbers[-1] > 1:
            numbers.append(None)
        numbers.append(number)
    return numbers


@register.filter
def nth(items: Sequence[Any], index: int) -> Any:
    """The item at an index, counted from nought; nothing when there is none."""
    return items[index] if 0 <= index < len(items) else ""


@register.simple_tag
def make(**entries: Any) -> Mapping[str, Any]:
    """A small mapping for a component's input: ``{% make label=word url=place as act %}``."""
    return entries


@register.simple_tag
def html_lang() -> str:
    """The page's language as HTML names it: ``zh-Hans`` or ``en``."""
    return {"zh-hans": "zh-Hans"}.get(get_language() or "en", get_language() or "en")


@register.inclusion_tag("components/tips.html")
def tips(place: str) -> Mapping[str, Any]:
    """What to beware of at this place (``core.tips``)."""
    return {"tips": tips_at(place)}
