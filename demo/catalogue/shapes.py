"""What the catalogue is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bilingual:
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour with its names and the paint for it."""

    key: str
    name: Bilingual
    rgb: str  # "#rrggbb"


@dataclass(frozen=True, slots=True)
class Category:
    slug: str
    name: Bilingual
    parent: str | None  # slug; None at the top
    position: int


@dataclass(frozen=True, slots=True)
class Store:
    slug: str
    name: Bilingual
    owner: str  # key in demo.people
    trade: Bilingual
    about: Bilingual
    return_policy: Bilingual
    region: Bilingual  # as shown: "江西景德镇", "Jingdezhen, Jiangxi"
    district_code: str  # where parcels leave from
    shipping_minor: int
    free_shipping_from_minor: int | None
    glyph: str  # drawing of the logo
    paint: str  # "#rrggbb"


@dataclass(frozen=True, slots=True)
class Variant:
    sku: str
    name: Bilingual  # "" where a product comes in one kind only
    colour: str | None  # key of a colour: pictures are drawn in it
    price_minor: int
    stock: int


@dataclass(frozen=True, slots=True)
class Product:
    slug: str
    store: str
    category: str
    title: Bilingual
    summary: Bilingual
    description: Bilingual  # paragraphs, an empty line between them
    function: Bilingual
    usage: Bilingual
    warranty: Bilingual
    validity: Bilingual
    variants: tuple[Variant, ...]
    weight_g: int
    fragile: bool
    perishable: bool
    tags: tuple[Bilingual, ...]
    drawing: str  # name of the drawing in demo.pictures
    colours: tuple[str, ...]  # keys, the main one first
    alt: Bilingual  # the main picture in words
    kind: str = "physical"  # or "code": delivered by the payment, its stock a pool of keys

    @property
    def price_minor(self) -> int:
        """The lowest price among the variants."""
        return min(variant.price_minor for variant in self.variants)
