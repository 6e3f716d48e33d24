"""Tea in tins, cakes and boxes; fruit, nuts and gift boxes."""

from __future__ import annotations

from demo.pictures.canvas import Canvas, Run
from demo.pictures.colour import BRASS, CARDBOARD, CREAM, LEAF, RGB, WHITE, Palette, dark, light, mix, rgb
from demo.pictures.drawings.jars import label, shine
from demo.pictures.shapes import (
    across,
    arc,
    curve,
    ellipse,
    fall,
    ground,
    lathe,
    moved,
    rect,
    scatter,
    turned,
)

TIN_WORDS = {
    "rock-oolong": "ROUGUI",
    "jasmine-green": "JASMINE",
    "pre-rain-green": "GREEN",
    "smoked-black": "SMOKED",
}


def teatin(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 46, 79, 17)
    outline = lathe(c, 46, [(32, 16.6), (34, 17), (77, 17), (79, 16.4)], p, tilt=0.16, smooth=False)
    with c.inside(outline):
        for i in range(5):
            hill = curve(
                [
                    (24, 78 - i * 5),
                    (34, 68 - i * 5 + (i % 2) * 3),
                    (46, 73 - i * 5),
                    (57, 66 - i * 4),
                    (70, 74 - i * 5),
                ],
                closed=False,
            )
            c.fill([*hill, (70, 90), (24, 90)], p.deep, alpha=0.10)
    label(c, 46, 45, 66, 17, CREAM, tilt=0.16)
    leaves(c, 46, 53.4, 1.0)
    c.write("ONE LEAF HILL", 46, 61, 2.2, rgb("#5a5140"))
    c.write(TIN_WORDS.get(slug, "TEA"), 46, 64.6, 2.9, dark(p.base, 0.35))
    shine(c, 32.5, 36, 76, 1.8, 0.5)
    lathe(c, 46, [(24, 16.2), (25, 17.2), (33.4, 17.4)], Palette(mix(p.base, BRASS, 0.85)), tilt=0.16, smooth=False)
    c.fill(ellipse(46, 24, 16.4, 2.7), fall(light(BRASS, 0.5), light(BRASS, 0.1)))
    c.line(ellipse(46, 24, 12, 1.9), 0.3, dark(BRASS, 0.2), alpha=0.6)
    heap(c, 76, 79, rgb("#4d4a33") if "green" in slug else rgb("#4a3428"))


def leaves(c: Canvas, x: float, y: float, size: float) -> None:
    """Two leaves and a bud."""
    for side in (-1, 1):
        leaf = curve(
            [
                (x, y + 3 * size),
                (x + side * 2.2 * size, y - 0.6 * size),
                (x + side * 5.6 * size, y - 2.6 * size),
                (x + side * 3.8 * size, y + 1.4 * size),
            ]
        )
        c.fill(leaf, LEAF if side > 0 else light(LEAF, 0.15))
    c.fill(
        curve([(x, y + 3 * size), (x - 1.2 * size, y - 1), (x, y - 5 * size), (x + 1.2 * size, y - 1)]),
        light(LEAF, 0.3),
    )


def heap(c: Canvas, x: float, y: float, colour: RGB) -> None:
    """A small pile of dry leaf."""
    c.soft(ellipse(x, y, 11, 2.4), alpha=0.4, blur=1)
    for i, (dx, dy) in enumerate(scatter(60, (-1, 0, 1, 1))):
        height = (1 - abs(dx)) * 6.4
        piece = ellipse(x + dx * 10.5, y - dy * height, 1.9, 0.55, turn=i * 47)
        c.fill(piece, mix(dark(colour, 0.2), light(colour, 0.3), (i * 7 % 10) / 10))


def teacake(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 52, 78, 27)
    c.fill(moved(ellipse(52, 50, 29, 29), 2.0, 0.6), dark(rgb("#cbb98f"), 0.2))
    wrapper = ellipse(51, 50, 29)
    c.fill(wrapper, fall(rgb("#f4ead2"), rgb("#d8c69c")))
    with c.inside(wrapper):
        for i in range(24):
            c.line([(51, 50), arc(51, 50, 32, 32, i * 15, i * 15 + 1)[0]], 0.25, rgb("#b9a678"), alpha=0.35)
        c.soft(ellipse(42, 38, 14, 11), colour=WHITE, alpha=0.5, blur=5)
    c.line(ellipse(51, 50, 23), 0.5, rgb("#9b4a3a"))
    c.line(ellipse(51, 50, 21.8), 0.25, rgb("#9b4a3a"))
    leaves(c, 51, 44, 2.0)
    c.write("WHITE TEA", 51, 57, 3.8, rgb("#6b4a3a"))
    c.write("2021 / 350 G", 51, 61.6, 2.4, rgb("#8a6b52"))
    c.fill(rect(63, 62, 68.4, 67.4, 0.6), rgb("#b3432f"))
    c.write("YI", 65.7, 64.7, 2.4, CREAM)
    heap(c, 20, 80, rgb("#8b8464"))


def box_body(c: Canvas, x0: float, y0: float, x1: float, y1: float, p: Palette, depth: float = 9) -> None:
    """A box seen from the front and a little from above."""
    ground(c, (x0 + x1) / 2 + 2, y1, (x1 - x0) / 2)
    lid = [(x0, y0), (x0 + depth * 0.9, y0 - depth * 0.55), (x1 + depth * 0.9, y0 - depth * 0.55), (x1, y0)]
    side = [(x1, y0), lid[2], (lid[2][0], y1 - depth * 0.55), (x1, y1)]
    c.fill(lid, across(p.glow, p.light))
    c.fill(side, fall(p.dark, p.deep))
    c.fill(rect(x0, y0, x1, y1), fall(p.light, p.base))


def teabox(c: Canvas, p: Palette, slug: str) -> None:
    box_body(c, 16, 36, 58, 79, p, 12)
    face = rect(16, 36, 58, 79)
    with c.inside(face):
        for i, (x, y) in enumerate(scatter(26, (16, 36, 58, 79))):
            for k in range(4):
                c.fill(ellipse(x, y, 1.5, 0.7, turn=i * 20 + k * 90), light(p.base, 0.55), alpha=0.75)
            c.fill(ellipse(x, y, 0.5), dark(rgb("#c46f2c"), 0.05))
    c.fill(rect(23, 46, 51, 69, 1.4), CREAM)
    leaves(c, 37, 53, 1.2)
    c.write("OSMANTHUS", 37, 60.6, 3.0, rgb("#6b5530"))
    c.write("OOLONG", 37, 64.6, 2.6, rgb("#8a7042"))
    for x, y in ((74, 80), (85, 77)):
        bag(c, x, y)


def bag(c: Canvas, x: float, y: float) -> None:
    c.soft(ellipse(x, y, 6.4, 1.4), alpha=0.4, blur=0.8)
    c.fill([(x, y - 11), (x - 6, y - 1), (x, y + 0.6)], rgb("#efe9d9"))
    c.fill([(x, y - 11), (x, y + 0.6), (x + 6, y - 1.6)], rgb("#d9d0b8"))
    for i, (dx, dy) in enumerate(scatter(14, (-3.6, -4, 3.6, -0.6))):
        c.fill(ellipse(x + dx, y + dy, 1.0, 0.4, turn=i * 50), rgb("#6d6a42"), alpha=0.75)
    c.line(curve([(x, y - 11), (x - 2, y - 16), (x + 3, y - 19)], closed=False), 0.3, rgb("#f7f3e8"))
    c.fill(rect(x + 1.6, y - 22, x + 5.2, y - 18.4, 0.4), rgb("#d8a83c"))


def pouch(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 46, 79, 19)
    outline = curve(
        [
            (29, 24),
            (46, 23.4),
            (63, 24),
            (63.6, 40),
            (65.6, 60),
            (66, 76),
            (56, 79.4),
            (46, 80),
            (36, 79.4),
            (26, 76),
            (26.4, 60),
            (28.4, 40),
        ]
    )
    c.fill(
        outline,
        Run(((0, dark(CARDBOARD, 0.1)), (0.25, light(CARDBOARD, 0.3)), (0.7, CARDBOARD), (1, dark(CARDBOARD, 0.28)))),
    )
    with c.inside(outline):
        c.fill(rect(20, 20, 70, 28), dark(CARDBOARD, 0.12))
        for y in (29, 30.4):
            c.line([(20, y), (70, y)], 0.4, light(CARDBOARD, 0.5), alpha=0.8)
        c.soft([(32, 34), (37, 34), (34, 70), (30, 70)], colour=WHITE, alpha=0.35, blur=1.2)
        c.soft([(55, 36), (58, 36), (62, 70), (58, 70)], colour=dark(CARDBOARD), alpha=0.4, blur=1.6)
    window = curve([(46, 50), (56, 56), (57, 67), (46, 73), (35, 67), (36, 56)])
    c.fill(window, rgb("#6a4a32"))
    with c.inside(window):
        for i, (x, y) in enumerate(scatter(16, (34, 50, 58, 73))):
            walnut(c, x, y, 4.2, i)
    c.line([*window, window[0]], 0.5, CREAM)
    c.write("HIVE & NUT", 46, 37, 3.2, rgb("#4c3524"))
    c.write("WALNUTS", 46, 43, 4.6, rgb("#4c3524"))
    for i, (x, y) in enumerate(((74, 77), (85, 79), (79.6, 70.6))):
        c.soft(ellipse(x + 1, y + 4.4, 5.6, 1.6), alpha=0.35, blur=0.8)
        walnut(c, x, y, 5.6, i)


def walnut(c: Canvas, x: float, y: float, r: float, number: int) -> None:
    shell = rgb("#b98d5e")
    c.fill(ellipse(x, y, r, r * 0.9, turn=number * 40), across(light(shell, 0.25), dark(shell, 0.25)))
    for k in (-0.55, 0.0, 0.5):
        c.line(
            turned(
                curve([(x + r * k, y - r * 0.7), (x + r * k * 1.5, y), (x + r * k, y + r * 0.7)], closed=False),
                number * 40,
                (x, y),
            ),
            r * 0.09,
            dark(shell, 0.4),
            alpha=0.7,
        )
