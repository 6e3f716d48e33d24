"""Logos of the stores and faces of the people."""

from __future__ import annotations

import zlib

from PIL import Image

from demo.catalogue.loading import store
from demo.pictures.canvas import Canvas, Points
from demo.pictures.colour import RGB, Palette, dark, light, mix, rgb
from demo.pictures.products import webp
from demo.pictures.shapes import across, arc, curve, ellipse, fall, mirrored, rect, spots, turned

PALE = rgb("#fbf7ee")


def store_logo(slug: str, *, size: int = 320) -> bytes:
    """
    Draw the sign of a store; WebP, square.

    :raises KeyError: if the catalogue has no such store
    """
    shop = store(slug)
    p = Palette(rgb(shop.paint))
    c = Canvas(size)
    c.wash(fall(light(p.base, 0.12), dark(p.base, 0.18)))
    c.soft(ellipse(30, 22, 36, 28), colour=light(p.base, 0.6), alpha=0.35, blur=10)
    ring = ellipse(50, 50, 40)
    c.line([*ring, ring[0]], 1.2, PALE, alpha=0.8)
    GLYPHS[shop.glyph](c, p)
    return webp(c.finished(), quality=88)


def glyph_bowl(c: Canvas, p: Palette) -> None:
    c.fill([*arc(50, 48, 24, 25, 0, 180), (26, 48)], PALE)
    c.fill(rect(42, 71, 58, 76, 1), PALE)
    for x in (40, 50, 60):
        c.line(curve([(x, 42), (x - 3, 36), (x + 3, 30), (x, 24)], closed=False), 2.2, PALE)
    c.line(arc(50, 50, 17, 17, 30, 150), 1.4, p.base)


def glyph_knife(c: Canvas, p: Palette) -> None:
    c.fill(turned([(26, 47), (58, 43), (58, 57), (40, 57)], -45), PALE)
    c.fill(turned(rect(60, 44, 82, 53, 3), -45), PALE)
    c.fill(rect(26, 68, 74, 75, 2), PALE)
    for x in (66, 75):
        c.fill(ellipse(*turned([(x, 48.4)], -45)[0], 1.4), p.base)


def glyph_lamp(c: Canvas, p: Palette) -> None:
    c.fill([(42, 26), (58, 26), (70, 50), (30, 50)], PALE)
    c.fill(rect(48, 50, 52, 70), PALE)
    c.fill(rect(36, 69, 64, 74, 2), PALE)
    for x, y in ((30, 62), (70, 62), (24, 54), (76, 54)):
        c.line([(x, y), (x + (x - 50) * 0.18, y + 5)], 1.8, PALE)


def glyph_thread(c: Canvas, p: Palette) -> None:
    c.fill(rect(34, 27, 66, 34, 2), PALE)
    c.fill(rect(34, 66, 66, 73, 2), PALE)
    c.fill(rect(39, 34, 61, 66), light(p.base, 0.55))
    for i in range(6):
        c.line([(38, 39 + i * 5.2), (62, 36.6 + i * 5.2)], 2.0, PALE)
    c.line(curve([(61, 62), (72, 60), (74, 70), (82, 66)], closed=False), 1.8, PALE)


def glyph_tree(c: Canvas, p: Palette) -> None:
    for y, width in ((24, 13), (35, 18), (47, 23)):
        c.fill([(50, y), (50 + width, y + 19), (50 - width, y + 19)], PALE)
    c.fill(rect(47, 64, 53, 77), PALE)
    c.line([(50, 34), (50, 66)], 1.2, p.base)


def glyph_leaf(c: Canvas, p: Palette) -> None:
    c.fill(curve(spots("50,76 30,60 30,40 50,22 70,40 70,60")), PALE)
    c.line([(50, 82), (50, 34)], 2.0, p.base)
    for y, reach in ((44, 8), (53, 11), (62, 9)):
        for side in (-1, 1):
            c.line([(50, y + 4), (50 + side * reach, y - 2)], 1.4, p.base)


def glyph_hive(c: Canvas, p: Palette) -> None:
    for x, y in ((50, 50), (50, 30.4), (50, 69.6), (33, 40.2), (67, 40.2), (33, 59.8), (67, 59.8)):
        c.fill(turned(arc(x, y, 10.4, 10.4, 0, 360)[::10], 0), PALE if (x, y) != (50, 50) else light(p.base, 0.5))


def glyph_fruit(c: Canvas, p: Palette) -> None:
    c.fill(curve(spots("50,38 62,33 74,42 74,58 64,74 50,76 36,74 26,58 26,42 38,33")), PALE)
    c.line(curve([(50, 38), (50, 29), (54, 23)], closed=False), 2.2, PALE)
    c.fill(ellipse(62, 27, 8, 3.6, turn=-20), PALE)
    c.line(arc(48, 54, 15, 15, 150, 220), 2.0, p.base)


def glyph_steps(c: Canvas, p: Palette) -> None:
    for x, y in ((38, 58), (62, 42)):
        c.fill(ellipse(x, y - 6, 8.4, 12), PALE)
        c.fill(ellipse(x, y + 13, 6.6, 6), PALE)
        c.fill(rect(x - 9, y + 2.4, x + 9, y + 5), p.base)


def glyph_mountain(c: Canvas, p: Palette) -> None:
    c.fill([(20, 70), (42, 34), (56, 56), (62, 48), (80, 70)], PALE)
    c.fill([(42, 34), (50, 46.6), (45, 50), (41, 46), (36, 50), (35, 46)], p.base)
    c.fill(ellipse(67, 33, 6.6), PALE)


def glyph_wave(c: Canvas, p: Palette) -> None:
    for i, height in enumerate((10, 22, 34, 46, 30, 40, 18, 10)):
        x = 24 + i * 7.4
        c.fill(rect(x - 2, 50 - height / 2, x + 2, 50 + height / 2, 2), PALE)


def glyph_book(c: Canvas, p: Palette) -> None:
    page = spots("50,36 40,30 24,31 24,68 40,67 50,73")
    c.fill(page, PALE)
    c.fill(mirrored(page), light(p.base, 0.75))
    for i in range(4):
        c.line([(29, 40 + i * 6), (45, 41.4 + i * 6)], 1.4, p.base)
    c.line([(50, 36), (50, 73)], 1.4, p.base)


GLYPHS = {
    "bowl": glyph_bowl,
    "knife": glyph_knife,
    "lamp": glyph_lamp,
    "thread": glyph_thread,
    "tree": glyph_tree,
    "leaf": glyph_leaf,
    "hive": glyph_hive,
    "fruit": glyph_fruit,
    "steps": glyph_steps,
    "mountain": glyph_mountain,
    "wave": glyph_wave,
    "book": glyph_book,
}

WALLS = tuple(rgb(code) for code in ("#bcd3c8", "#c8d6e4", "#ead3b8", "#e8c6bd", "#cfc8e0", "#d6d2c4"))
SKINS = tuple(rgb(code) for code in ("#f3d3b8", "#eac3a2", "#dcae87", "#c89268", "#8f5f42"))
HAIRS = tuple(rgb(code) for code in ("#2b2523", "#3b2d26", "#5a3d2b", "#1f2430", "#7a5236"))
CLOTHES = tuple(rgb(code) for code in ("#4f7a6d", "#33507a", "#b5694a", "#7d4f6b", "#d8a83c", "#5a6068"))
LONG_HAIR = spots("26,82 24,50 30,28 44,19 58,19 70,28 76,50 74,82 64,80 66,52 36,52 34,80")
SHORT_HAIR = spots("31,46 30,34 38,24 50,21.4 62,24 70,34 69,46 65,38 56,34 44,35 35,38")
BUN_HAIR = spots("30,52 29,36 38,26 50,23.6 62,26 71,36 70,52 66,42 58,37 42,37 34,42")


def avatar_image(seed: str, *, size: int = 160) -> Image.Image:
    """Draw a face for a name, the same each time."""
    number = zlib.crc32(seed.encode())

    def pick(colours: tuple[RGB, ...], shift: int) -> RGB:
        return colours[(number >> shift) % len(colours)]

    skin, hair, cloth, wall = pick(SKINS, 3), pick(HAIRS, 7), pick(CLOTHES, 11), pick(WALLS, 15)
    style = (number >> 19) % 3
    c = Canvas(size)
    c.wash(fall(light(wall, 0.2), dark(wall, 0.06)))
    if style == 1:
        c.fill(curve(LONG_HAIR), hair)
    if style == 2:
        c.fill(ellipse(50, 20, 9), hair)
    c.fill(curve(spots("14,106 18,88 34,78 50,76 66,78 82,88 86,106")), across(light(cloth, 0.12), dark(cloth, 0.14)))
    c.fill([(42, 62), (58, 62), (59, 80), (50, 85), (41, 80)], dark(skin, 0.12))
    c.fill(ellipse(50, 48, 18, 21.4), across(light(skin, 0.12), dark(skin, 0.05)))
    for side in (-1, 1):
        c.fill(ellipse(50 + side * 17.6, 50, 2.8, 4), dark(skin, 0.06))
        c.soft(ellipse(50 + side * 9.4, 56, 3.4, 2), colour=rgb("#d8735f"), alpha=0.35, blur=1.2)
        c.fill(ellipse(50 + side * 7, 49, 1.3, 1.6), rgb("#2d2622"))
        c.line(arc(50 + side * 7, 46, 3.4, 2, 215, 325), 0.9, mix(hair, skin, 0.2))
    c.line([(50, 50), (49.2, 54), (50.6, 54.4)], 0.7, dark(skin, 0.25))
    c.line(arc(50, 57.6, 4.6, 3.4, 20, 160), 1.1, rgb("#a5524a"))
    c.fill(curve((SHORT_HAIR, BUN_HAIR, BUN_HAIR)[style]), hair)
    if (number >> 23) % 3 == 0:
        glasses(c)
    return c.finished()


def glasses(c: Canvas) -> None:
    for side in (-1, 1):
        lens: Points = ellipse(50 + side * 7, 49.4, 5.2, 4.8)
        c.line([*lens, lens[0]], 0.8, rgb("#3a3431"))
    c.line([(48, 49), (52, 49)], 0.8, rgb("#3a3431"))


def avatar(seed: str, *, size: int = 160) -> bytes:
    """Draw a face for a name; WebP."""
    return webp(avatar_image(seed, size=size), quality=84)
