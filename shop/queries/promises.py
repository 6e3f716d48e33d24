"""What was promised when something was bought, to be read beside what has arrived (E9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _

from shop.models import OrderLine, ProductVersion
from shop.models.stores import in_language
from shop.queries.catalogue import media_url

FACTS: Mapping[str, LazyText] = {
    "function": _("What it does"),
    "usage": _("How it is used"),
    "warranty": _("Warranty"),
    "validity": _("Validity"),
    "return_policy": _("Return policy"),
}
CHANGES: Mapping[str, LazyText] = {
    "title": _("Title"),
    "summary": _("Summary"),
    "description": _("Description"),
    **FACTS,
    "variants": _("Variants and prices"),
    "images": _("Pictures"),
    "weight_g": _("Weight"),
    "manual": _("Manual"),
}


@dataclass(frozen=True, slots=True)
class Picture:
    url: str
    card: str
    alt: str


@dataclass(frozen=True, slots=True)
class Promised:
    """One line of an order with the listing as it was. ``changed`` names what the listing says differently today."""

    line: OrderLine
    summary: str
    description: str
    facts: tuple[tuple[LazyText, str], ...]
    pictures: tuple[Picture, ...]
    changed: tuple[LazyText, ...]

    @property
    def is_known(self) -> bool:
        return bool(self.description or self.facts or self.pictures)


def promised(lines: Sequence[OrderLine]) -> list[Promised]:
    """The promises of an order's lines, each compared with the listing of today. One query."""
    wanted = Q(version=F("product__version"), product_id__in={line.product_id for line in lines})
    for line in lines:
        wanted |= Q(product_id=line.product_id, version=line.promise_version)
    rows = ProductVersion.objects.filter(wanted).order_by("version")
    found = {(row.product_id, row.version): row.promise for row in rows}
    newest = {row.product_id: row.promise for row in rows}
    return [
        _read(line, found.get((line.product_id, line.promise_version), {}), newest.get(line.product_id, {}))
        for line in lines
    ]


def _read(line: OrderLine, then: Mapping[str, Any], today: Mapping[str, Any]) -> Promised:
    images = then.get("images", [])
    facts = ((label, _words(then.get(name))) for name, label in FACTS.items())
    return Promised(
        line=line,
        summary=_words(then.get("summary")),
        description=_words(then.get("description")),
        facts=tuple((label, text) for label, text in facts if text),
        pictures=tuple(Picture(media_url(row["large"]), media_url(row["card"]), row.get("alt", "")) for row in images),
        changed=tuple(label for name, label in CHANGES.items() if then and then.get(name) != today.get(name)),
    )


def _words(both: Any) -> str:
    """The reader's language of a text that is kept in both."""
    return in_language(both.get("zh", ""), both.get("en", "")) if isinstance(both, Mapping) else ""
