"""What a thing stands on or lies on: a quiet studio, a table by a window, a board with a leaf."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image

from demo.pictures.canvas import Canvas, View
from demo.pictures.colour import BRASS, LEAF, RGB, SHADE, WHITE, WOOD, Palette, brightness, dark, light, mix, rgb
from demo.pictures.shapes import arc, curve, drop, ellipse, fall, ground, lathe, moved, rect, rim, turned

TINTS = tuple(rgb(code) for code in ("#d5dfd6", "#d3dfe7", "#e9dfcd", "#edd9d0", "#dcd8e6", "#dedcd6"))
DEEP_TINTS = tuple(rgb(code) for code in ("#a9bdb0", "#a6bccb", "#cbb796", "#cfaa9c", "#b3abc6", "#b4b2aa"))


def tint_for(number: int, colour: RGB) -> RGB:
    """A wall that lets the colour be seen: pale for strong things, deeper for pale ones."""
    chosen = (DEEP_TINTS if brightness(colour) > 0.8 else TINTS)[number % len(TINTS)]
    far = sum(abs(one - other) for one, other in zip(chosen, colour, strict=True))
    if far < 90:
        chosen = (DEEP_TINTS if brightness(colour) > 0.7 else TINTS)[(number + 2) % len(TINTS)]
    return chosen


SOFT = 4


def cover(c: Canvas, image: Image.Image) -> None:
    c.image.paste(image)


def enlarged(c: Canvas, size: int) -> Image.Image:
    """What has no edges may be drawn small."""
    return c.image.resize((size * 2, size * 2), Image.Resampling.BILINEAR)


@lru_cache(maxsize=24)
def studio(size: int, tint: RGB, flat: bool) -> Image.Image:
    c = Canvas(size // SOFT)
    c.wash(fall(light(tint, 0.38), tint) if flat else fall(light(tint, 0.12), light(tint, 0.28)))
    if flat:
        c.soft(ellipse(26, 20, 46, 38), colour=WHITE, alpha=0.42, blur=14)
        c.soft(ellipse(96, 100, 40, 34), colour=dark(tint), alpha=0.22, blur=14)
    else:
        c.soft(ellipse(46, 40, 34, 32), colour=WHITE, alpha=0.62, blur=13)
        c.soft(rect(-20, 70, 120, 125), colour=mix(tint, SHADE, 0.06), alpha=0.55, blur=5)
        c.soft(ellipse(40, 84, 46, 9), colour=WHITE, alpha=0.30, blur=6)
    return enlarged(c, size)


def planks(c: Canvas, top: float, wood: RGB, across: bool) -> None:
    """A wooden surface from ``top`` down, with a few lines of grain."""
    c.fill(rect(-2, top, 102, 102), fall(light(wood, 0.2), dark(wood, 0.1)))
    step = (102 - top) / (4 if across else 7)
    for i in range(1, 8):
        y = top + step * i
        c.line([(-2, y), (102, y)], 0.18, dark(wood, 0.3), alpha=0.5)
        for k in range(3):
            start = (i * 37 + k * 31) % 90
            c.line(
                [(start, y - step * (0.25 + 0.22 * k)), (start + 22, y - step * (0.25 + 0.22 * k))],
                0.14,
                dark(wood, 0.2),
                alpha=0.4,
            )


@lru_cache(maxsize=24)
def room(size: int, tint: RGB, props: str) -> Image.Image:
    """A table by a window; beside the thing stand the props."""
    c = Canvas(size // SOFT)
    c.wash(fall(light(tint, 0.05), light(tint, 0.25)))
    for pane in ([(8, 4), (30, 0), (44, 52), (22, 58)], [(34, 0), (54, -3), (70, 46), (49, 51)]):
        c.soft(pane, colour=WHITE, alpha=0.5, blur=1.4)
    c = Canvas(size, background=enlarged(c, size))
    planks(c, 66, WOOD, across=True)
    c.soft(rect(-5, 65, 105, 67.4), colour=dark(WOOD, 0.4), alpha=0.35, blur=0.7)
    c.soft(ellipse(40, 78, 36, 8), colour=WHITE, alpha=0.25, blur=5)
    {"vase": vase, "books": books, "plant": plant, "bowl": fruit_bowl}[props](c)
    return c.image


def vase(c: Canvas) -> None:
    ground(c, 14, 70, 6)
    for tip in ((4, 26), (10, 19), (18, 22), (23, 31)):
        c.line(curve([(14, 52), ((14 + tip[0]) / 2, 40), tip], closed=False), 0.5, dark(LEAF, 0.2))
        for k in range(4):
            x, y = tip[0] + (14 - tip[0]) * k * 0.16, tip[1] + (50 - tip[1]) * k * 0.16
            c.fill(ellipse(x - 1.6, y, 2.5, 1.0, turn=-50), light(LEAF, 0.18))
            c.fill(ellipse(x + 1.6, y + 0.4, 2.5, 1.0, turn=50), LEAF)
    p = Palette(rgb("#e7e0d4"))
    lathe(c, 14, [(50, 2.4), (54, 2.6), (60, 6.2), (66, 6.4), (70, 4.4)], p)
    rim(c, 14, 50, 2.4, p, p.dark, wall=0.5)


def books(c: Canvas) -> None:
    ground(c, 16, 71, 12, 0.8)
    for y, x0, x1, colour in ((67.5, 3, 28, "#4a6a7c"), (63.6, 5, 26, "#c58a5a"), (59.9, 4, 25, "#e0d6c3")):
        c.fill(rect(x0, y - 3.4, x1, y + 0.3, 0.6), fall(light(rgb(colour), 0.15), dark(rgb(colour), 0.15)))
        c.fill(rect(x1 - 2.4, y - 2.9, x1 - 0.6, y - 0.2), light(rgb("#efe6d2"), 0.2))
    p = Palette(rgb("#c9775a"))
    lathe(c, 14, [(50, 3.6), (53, 3.8), (56.4, 3)], p)
    rim(c, 14, 50, 3.6, p, p.deep, wall=0.5)


def plant(c: Canvas) -> None:
    ground(c, 86, 70, 7)
    for lean, height in ((-11, 24), (-6, 15), (0, 11), (6, 17), (10, 27)):
        tip = (86 + lean, height)
        leaf = curve(
            [(86, 56), (86 + lean * 0.2 - 2.4, (56 + height) / 2), tip, (86 + lean * 0.7 + 2.6, (58 + height) / 2)]
        )
        c.fill(leaf, fall(light(LEAF, 0.2), dark(LEAF, 0.2)))
        c.line([(86, 56), tip], 0.25, light(LEAF, 0.35), alpha=0.6)
    lathe(c, 86, [(54, 6.6), (56, 6.8), (66, 5.4), (70, 4.6)], Palette(rgb("#b5694a")))


def fruit_bowl(c: Canvas) -> None:
    ground(c, 85, 70, 9)
    for x, y, r, colour in ((81, 59, 4.2, "#d9803c"), (88, 58, 4.4, "#c9503e"), (85, 56, 4.2, "#dda23e")):
        c.fill(ellipse(x, y, r), rgb(colour))
        c.soft(ellipse(x - 1.4, y - 1.4, 1.2), colour=WHITE, alpha=0.6, blur=0.5)
    lathe(c, 85, [(60, 10.5), (64, 9.4), (68, 6), (70, 4)], Palette(rgb("#dfe3de")), tilt=0.12)


@lru_cache(maxsize=8)
def board(size: int, wood: RGB) -> Image.Image:
    """A table top seen from above, with cloth, leaf and cup in its corners."""
    c = Canvas(size)
    c.wash(wood)
    planks(c, -2, light(wood, 0.16), across=False)
    cloth = turned(rect(60, 52, 130, 130, 2), -14, (95, 90))
    drop(c, cloth, 0.8)
    c.fill(cloth, rgb("#e9e2d4"))
    with c.inside(cloth):
        for i in range(9):
            c.line(turned([(64 + i * 7, 40), (64 + i * 7, 140)], -14, (95, 90)), 0.5, rgb("#cfc3ad"), alpha=0.6)
    cup(c, 12, 12)
    sprig(c)
    c.soft(ellipse(20, 30, 50, 40), colour=WHITE, alpha=0.2, blur=16)
    return c.image


def cup(c: Canvas, x: float, y: float) -> None:
    drop(c, ellipse(x, y, 12), 1.4)
    c.fill(ellipse(x, y, 12), rgb("#f2eee6"))
    c.fill(ellipse(x, y, 7.4), rgb("#dcd6ca"))
    c.fill(ellipse(x, y, 7), rgb("#fbf8f2"))
    c.fill(ellipse(x, y, 6.1), fall(rgb("#8a4f2a"), rgb("#b5763f")))
    c.line(arc(x, y, 6.4, 6.4, 190, 260), 0.5, BRASS, alpha=0.5)


def sprig(c: Canvas) -> None:
    stem = curve([(-4, 84), (8, 88), (22, 97)], closed=False)
    c.line(moved(stem, 0.6, 0.8), 0.5, SHADE, alpha=0.25)
    c.line(stem, 0.5, dark(LEAF, 0.25))
    for i, (x, y) in enumerate(stem[2::3]):
        for side in (-38, 62):
            leaf = ellipse(x + (3.2 if side > 0 else 2.0), y + (3.4 if side > 0 else -3.4), 4.2, 1.7, turn=side + i * 3)
            c.soft(moved(leaf, 0.5, 0.7), alpha=0.25, blur=0.4)
            c.fill(leaf, light(LEAF, 0.05 * (i % 3)))


def stage(c: Canvas, *, shot: str, flat: bool, tint: RGB, props: str, pale: bool) -> None:
    """Set the background of a shot and leave the canvas looking at the thing."""
    if shot != "scene":
        cover(c, studio(c.size, tint, flat))
    elif flat:
        cover(c, board(c.size, rgb("#9a7852") if pale else rgb("#cfae84")))
        c.view = View(51, 50, 0.74)
    else:
        cover(c, room(c.size, tint, props))
        c.view = View(56 if props == "plant" else 54 if props == "bowl" else 42, 42, 0.74)
