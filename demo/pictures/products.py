"""Pictures of products: the front, a detail, the thing in its place."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass

from PIL import Image

from demo.catalogue.loading import colours, product
from demo.catalogue.shapes import Bilingual, Product
from demo.pictures.canvas import Canvas, View
from demo.pictures.colour import Palette, brightness, palette
from demo.pictures.drawings import DRAWINGS, Drawing
from demo.pictures.scenes import stage, tint_for

SIZE = 720
SHOTS = ("front", "scene", "detail")
SIDES = {"large": 1200, "card": 480, "thumb": 120}
TABLE_CATEGORIES = frozenset({"kitchen", "tea", "pantry"})
WORDS = {
    "front": Bilingual("正面", "front"),
    "scene": Bilingual("使用场景", "in its place"),
    "detail": Bilingual("细节", "detail"),
}


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of a product's gallery: what to draw and how to say it in words."""

    kind: str  # one of SHOTS
    colour: str
    alt: Bilingual


def gallery(slug: str) -> tuple[Shot, ...]:
    """Return three shots: front, scene, and the second colour where there is one, else a detail."""
    item = product(slug)
    second = item.colours[1] if len(item.colours) > 1 else None
    return (
        shot_of(item, "front", item.colours[0]),
        shot_of(item, "scene", item.colours[0]),
        shot_of(item, "front", second) if second else shot_of(item, "detail", item.colours[0]),
    )


def shot_of(item: Product, kind: str, colour: str) -> Shot:
    named = colours()[colour].name if len(item.colours) > 1 else None
    zh = "，".join(part for part in (item.alt.zh, named.zh if named else "", WORDS[kind].zh) if part)
    en = ", ".join(part for part in (item.alt.en, named.en.lower() if named else "", WORDS[kind].en) if part)
    return Shot(kind=kind, colour=colour, alt=Bilingual(zh, en))


def product_image(slug: str, shot: str = "front", colour: str | None = None, size: int = SIZE) -> Image.Image:
    """
    Draw a product, the same each time.

    :raises KeyError: if the catalogue has no such product, or the product no such colour
    """
    item = product(slug)
    paint = palette(colours()[colour or item.colours[0]].rgb)
    return draw(item, DRAWINGS[item.drawing], paint, shot, size)


def draw(item: Product, drawing: Drawing, paint: Palette, shot: str, size: int) -> Image.Image:
    number = zlib.crc32(item.slug.encode())
    canvas = Canvas(size)
    stage(
        canvas,
        shot=shot,
        flat=drawing.flat,
        tint=tint_for(number, paint.base),
        props=("vase", "bowl")[number % 2] if item.category in TABLE_CATEGORIES else ("plant", "books")[number % 2],
        pale=brightness(paint.base) > 0.72,
    )
    if shot == "front":
        canvas.view = View(50, drawing.y, drawing.zoom)
    elif shot == "detail":
        canvas.view = View(*drawing.focus, 1.9)
    drawing.paint(canvas, paint, item.slug)
    return canvas.finished()


def webp(image: Image.Image, quality: int = 82) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=quality, method=2)
    return out.getvalue()


def product_picture(slug: str, shot: str = "front", colour: str | None = None, size: int = SIZE) -> bytes:
    """Return the picture as WebP."""
    return webp(product_image(slug, shot, colour, size))


def renditions(image: Image.Image) -> dict[str, bytes]:
    """Return the picture as ``large``, ``card`` and ``thumb`` WebP files; it is never enlarged."""
    made: dict[str, bytes] = {}
    for name, side in SIDES.items():
        small = image if image.width <= side else image.resize((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        made[name] = webp(small)
    return made
