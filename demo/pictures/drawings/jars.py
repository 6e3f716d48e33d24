"""Jars: of glass, of honey, of jam; and the band of paper around a turned body."""

from __future__ import annotations

from demo.pictures.canvas import Canvas
from demo.pictures.colour import BRASS, CREAM, LEAF, WALNUT, WOOD, Palette, dark, light, mix, rgb
from demo.pictures.shapes import (
    across,
    arc,
    curve,
    ellipse,
    fall,
    gleam,
    ground,
    lathe,
    rect,
    scatter,
)


def shine(c: Canvas, x: float, top: float, low: float, width: float = 1.6, alpha: float = 0.45) -> None:
    gleam(c, rect(x, top, x + width, low, width / 2), alpha=alpha, blur=0.8)


def jars(c: Canvas, p: Palette, slug: str) -> None:
    fills = ("#7a4a2c", "#e4d3a8", "#8fa06a")
    for x, r, top, content, level in (
        (68, 12, 34, fills[1], 0.35),
        (33, 14, 24, fills[0], 0.3),
        (52, 10.5, 50, fills[2], 0.3),
    ):
        ground(c, x, 78, r)
        outline = lathe(
            c, x, [(top, r * 0.94), (top + 2, r), (75, r), (78, r * 0.92)], Palette(rgb("#d7e6e6")), tilt=0.16
        )
        full = top + (78 - top) * level
        with c.inside(outline):
            grain = Palette(rgb(content))
            c.fill(
                [*arc(x, full, r - 1.1, r * 0.15, 180, 360), (x + r - 1.1, 77.5), (x - r + 1.1, 77.5)],
                across(grain.light, grain.dark),
            )
            c.fill(ellipse(x, full, r - 1.1, r * 0.15), grain.light)
            for i, (dot_x, dot_y) in enumerate(scatter(70, (x - r + 1.5, full + 1, x + r - 1.5, 77))):
                tone = mix(grain.base, grain.deep if i % 2 else grain.glow, 0.4)
                c.fill(ellipse(dot_x, dot_y, 0.7, 0.45, turn=i * 40), tone)
        shine(c, x - r * 0.74, top + 5, 74, 1.5, 0.75)
        lathe(c, x, [(top - 5, r * 0.9), (top + 0.6, r * 0.96)], Palette(WOOD), tilt=0.16)
        c.fill(ellipse(x, top - 5, r * 0.9, r * 0.144), fall(light(WOOD, 0.4), light(WOOD, 0.1)))


def honey(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 47, 78, 17)
    outline = lathe(c, 47, [(38, 14.6), (42, 17.4), (48, 18), (72, 18), (77, 16.4), (78, 15)], p, tilt=0.15)
    with c.inside(outline):
        gleam(c, ellipse(52, 62, 9, 14), alpha=0.4, blur=4)
        c.fill(ellipse(47, 41.4, 16.6, 2.5), p.glow, alpha=0.6)
    shine(c, 32.4, 46, 73, 1.8, 0.7)
    label(c, 47, 51, 70, 18, CREAM)
    hexes(c, 47, 57, Palette(rgb("#d9922e")))
    c.write("HIVE & NUT", 47, 64, 2.9, dark(WALNUT, 0.2))
    c.write("LINDEN" if "linden" in slug else "ACACIA", 47, 67.6, 2.2, WALNUT)
    lathe(c, 47, [(30.5, 15.2), (37.6, 15.6)], Palette(BRASS), tilt=0.15)
    c.fill(ellipse(47, 30.5, 15.2, 2.3), fall(light(BRASS, 0.5), light(BRASS, 0.15)))
    dipper(c)


def label(
    c: Canvas, x: float, top: float, low: float, r: float, colour: tuple[int, int, int], tilt: float = 0.15
) -> None:
    """A paper band around a turned body."""
    band = [*arc(x, top, r + 0.1, r * tilt, 180, 0), *arc(x, low, r + 0.1, r * tilt, 0, 180)]
    c.fill(band, across(light(colour, 0.1), dark(colour, 0.18)))


def hexes(c: Canvas, x: float, y: float, p: Palette) -> None:
    for dx, dy in ((-3, 0), (0, -1.7), (0, 1.75), (3, 0)):
        c.fill(arc(x + dx, y + dy, 1.7, 1.7, 0, 360)[::10], p.base)


def dipper(c: Canvas) -> None:
    ground(c, 79, 79, 8, 0.7)
    c.line([(70, 78), (92, 66)], 1.5, WOOD)
    for i in range(5):
        x, y = 66.5 + i * 1.7, 80 - i * 0.95
        c.fill(ellipse(x, y, 1.1, 3.4 - abs(i - 2) * 0.6, turn=-29), dark(WOOD, 0.06 * (i % 2) + 0.05))


def jam(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 78, 17)
    outline = lathe(c, 50, [(42, 15), (46, 17), (72, 17), (77, 15), (78, 13.6)], p, tilt=0.15)
    with c.inside(outline):
        for i, (x, y) in enumerate(scatter(30, (34, 46, 67, 77))):
            c.fill(ellipse(x, y, 1.0, 0.8), mix(p.base, p.deep if i % 2 else p.glow, 0.35))
    shine(c, 36, 48, 74, 1.8, 0.6)
    label(c, 50, 54, 70, 17, CREAM)
    c.fill(ellipse(50, 60, 3), p.base)
    c.line([(50, 57.4), (51.4, 55.2)], 0.5, dark(LEAF, 0.2))
    c.fill(ellipse(52.6, 56.2, 1.6, 0.7, turn=-20), LEAF)
    c.write("HAWTHORN", 50, 66.6, 2.7, p.deep)
    cloth = [
        *curve(
            [(32, 45), (36, 43.4), (41, 46), (46, 44.6), (51, 46.8), (56, 44.6), (61, 46), (65, 43.4), (68, 45)],
            closed=False,
        ),
        (65, 36),
        *arc(50, 36, 15.5, 3, 0, -180),
        (35, 36),
    ]
    c.fill(cloth, rgb("#f0e6d6"))
    with c.inside(cloth):
        for i in range(9):
            c.line([(32 + i * 4.6, 30), (31 + i * 4.8, 50)], 0.9, p.light, alpha=0.55)
        for i in range(5):
            c.line(arc(50, 33 + i * 3.4, 20, 3, 0, 180), 0.9, p.light, alpha=0.55)
    c.line(arc(50, 40.6, 15.8, 2.6, 0, 180), 0.7, dark(WOOD, 0.25))
