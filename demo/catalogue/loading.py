"""Read the JSON files into the catalogue's shapes, once per process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from demo.catalogue.shapes import Bilingual, Category, Colour, Product, Store, Variant

HERE = Path(__file__).resolve().parent
NOTHING = Bilingual("", "")


def read(name: str) -> Any:
    return json.loads((HERE / name).read_text("utf-8"))


def both(pair: list[str]) -> Bilingual:
    zh, en = pair
    return Bilingual(zh, en)


def paragraphs(pairs: list[list[str]]) -> Bilingual:
    return Bilingual("\n\n".join(zh for zh, _ in pairs), "\n\n".join(en for _, en in pairs))


@cache
def colours() -> Mapping[str, Colour]:
    """Return the colours by key."""
    rows = read("words.json")["colours"]
    return {key: Colour(key=key, name=Bilingual(zh, en), rgb=rgb) for key, (zh, en, rgb) in rows.items()}


@cache
def tags() -> Mapping[str, Bilingual]:
    """Return the tags by key."""
    return {key: both(pair) for key, pair in read("words.json")["tags"].items()}


@cache
def categories() -> tuple[Category, ...]:
    """Return the tree, parents before children."""
    rows = read("categories.json")
    return tuple(
        Category(slug=row["slug"], name=both(row["name"]), parent=row["parent"], position=position)
        for position, row in enumerate(rows)
    )


@cache
def stores() -> tuple[Store, ...]:
    """Return the stores, as they stand in the file."""
    texts = ("name", "trade", "about", "return_policy", "region")
    listed: list[Store] = []
    for row in read("stores.json"):
        fields: dict[str, Any] = {key: both(value) if key in texts else value for key, value in row.items()}
        listed.append(Store(**fields))
    return tuple(listed)


@cache
def products() -> tuple[Product, ...]:
    """Return all products, category by category."""
    listed: list[Product] = []
    for category in categories():
        path = HERE / "products" / f"{category.slug}.json"
        if path.exists():
            listed += [product_from(row, category.slug) for row in json.loads(path.read_text("utf-8"))]
    return tuple(listed)


def product_from(row: dict[str, Any], category: str) -> Product:
    variants = tuple(variant_from(item, row["slug"], number) for number, item in enumerate(row["variants"], 1))
    main = dict.fromkeys(variant.colour for variant in variants if variant.colour)
    title = both(row["title"])
    return Product(
        slug=row["slug"],
        store=row["store"],
        category=category,
        title=title,
        summary=both(row["summary"]),
        description=paragraphs(row["description"]),
        function=both(row["function"]),
        usage=both(row["usage"]),
        warranty=both(row["warranty"]),
        validity=both(row["validity"]),
        variants=variants,
        weight_g=row["weight_g"],
        fragile=row.get("fragile", False),
        perishable=row.get("perishable", False),
        tags=tuple(tags()[key] for key in row["tags"]),
        drawing=row["draw"],
        colours=tuple(main) or (row["colour"],),
        alt=both(row["alt"]) if "alt" in row else title,
        kind=row.get("kind", "physical"),
    )


def variant_from(item: dict[str, Any], slug: str, number: int) -> Variant:
    """A variant names a colour, a size or both: "青釉 · 大"."""
    words = [colours()[item["colour"]].name] if "colour" in item else []
    words += [both(item["size"])] if "size" in item else []
    name = Bilingual(" · ".join(word.zh for word in words), " · ".join(word.en for word in words)) if words else NOTHING
    return Variant(
        sku=f"{slug.upper()[:34]}-{number:02d}",
        name=name,
        colour=item.get("colour"),
        price_minor=item["price"],
        stock=item["stock"],
    )


@cache
def by_slug() -> Mapping[str, Product]:
    return {item.slug: item for item in products()}


def product(slug: str) -> Product:
    """:raises KeyError: if the catalogue has no such product"""
    return by_slug()[slug]


def products_of(store_slug: str) -> tuple[Product, ...]:
    return tuple(item for item in products() if item.store == store_slug)


def store(slug: str) -> Store:
    """:raises KeyError: if the catalogue has no such store"""
    return {item.slug: item for item in stores()}[slug]
