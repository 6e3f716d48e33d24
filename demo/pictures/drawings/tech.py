"""Headphones, earbuds, cases, chargers, a keyboard and a clip light."""

from __future__ import annotations

from demo.pictures.canvas import Canvas
from demo.pictures.colour import STEEL, WHITE, Palette, brightness, dark, light, mix, rgb
from demo.pictures.shapes import (
    across,
    arc,
    curve,
    drop,
    ellipse,
    fall,
    gleam,
    ground,
    mirrored,
    moved,
    rect,
    round_paint,
    turned,
)

NIGHT = Palette(rgb("#3a3e44"))


def headphones(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 82, 26)
    band = arc(50, 50, 27.4, 34, 188, 352)
    c.line(band, 6.4, p.deep)
    c.line(moved(band, -0.5, -0.7), 4.2, p.base)
    c.line(arc(49.6, 49.2, 28.2, 34.6, 205, 275), 1.0, p.glow, alpha=0.7)
    c.line(arc(50, 51, 24.6, 30.6, 215, 325), 2.2, NIGHT.base)
    for side in (False, True):
        slider = rect(20.6, 44, 25.4, 56, 1.6)
        c.fill(mirrored(slider) if side else slider, across(light(STEEL, 0.4), dark(STEEL, 0.3)))
        pad = curve([(31, 51), (37.6, 53), (39.6, 66), (37.6, 79), (31, 81), (27, 66)])
        c.fill(
            mirrored(pad) if side else pad,
            across(NIGHT.light, NIGHT.deep) if not side else across(NIGHT.deep, NIGHT.light),
        )
        cup = curve(
            [
                (30, 48.6),
                (22, 50.4),
                (16.6, 58),
                (15.6, 66),
                (16.6, 74),
                (22, 81.4),
                (30, 83),
                (33.4, 74),
                (34, 66),
                (33.4, 58),
            ]
        )
        shown = mirrored(cup) if side else cup
        c.fill(shown, across(p.dark, p.light) if side else across(p.light, p.dark))
        ring = ellipse(23.6, 66, 5.6, 12)
        c.line(mirrored(ring) if side else ring, 0.4, p.glow if not side else p.deep, alpha=0.6)
        gleam(c, ellipse(80 if side else 19.6, 60, 1.2, 6), alpha=0.5 if not side else 0.2, blur=0.9)
    c.fill(ellipse(71.6, 75.4, 0.8), rgb("#7fd0a0"))
    c.write("TIDE", 23.8, 66, 2.6, p.ink, angle=90)


def earbuds(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 80, 24)
    lid = curve([(28, 50), (29, 36), (38, 27), (50, 25), (62, 27), (71, 36), (72, 50), (50, 53)])
    c.fill(lid, fall(p.light, p.dark))
    c.fill(
        curve([(31, 49), (33, 38), (41, 31), (50, 29.6), (59, 31), (67, 38), (69, 49), (50, 51)]), fall(p.deep, p.dark)
    )
    c.fill(
        curve([(27, 54), (38, 48.4), (50, 47), (62, 48.4), (73, 54), (62, 59), (50, 60.4), (38, 59)]),
        fall(p.dark, p.deep),
    )
    for side in (False, True):
        hole = ellipse(41, 54, 6, 3)
        c.fill(mirrored(hole) if side else hole, dark(p.base, 0.62))
        stem = rect(39.4, 36, 43.8, 55, 2.1)
        c.fill(mirrored(stem) if side else stem, across(light(p.base, 0.5), p.dark))
        head = curve([(36, 40), (37, 34), (42, 31.6), (47, 34), (47.6, 40), (43, 44.6), (38, 44)])
        c.fill(mirrored(head) if side else head, across(p.glow, mix(p.base, p.dark, 0.5)))
        tip = ellipse(47.6, 39.6, 2.2, 3.4, turn=16)
        c.fill(mirrored(tip) if side else tip, NIGHT.light)
        gleam(c, ellipse(60 if side else 40, 36, 1.6, 1.0, turn=-30), alpha=0.7, blur=0.5)
    body = curve(
        [(26.6, 54), (38, 59.4), (50, 60.6), (62, 59.4), (73.4, 54), (73, 66), (66, 76), (50, 80), (34, 76), (27, 66)]
    )
    c.fill(body, round_paint(p))
    gleam(c, ellipse(36, 66, 2.2, 7, turn=-16), alpha=0.55, blur=1.3)
    c.fill(ellipse(50, 66, 0.8), rgb("#7fd0a0"))
    c.write("PEBBLE", 50, 71, 2.4, p.ink)


def phonecase(c: Canvas, p: Palette, slug: str) -> None:
    for x, turn, tone in ((62, 9, Palette(mix(p.base, WHITE, 0.45))), (43, -7, p)):
        case = turned(rect(x - 19, 10, x + 19, 90, 7), turn, (x, 50))
        drop(c, case, 2.0, 1.1)
        c.fill(case, fall(tone.light, tone.dark))
        with c.inside(case):
            inner = turned(rect(x - 17.8, 11.4, x + 17.8, 88.6, 6), turn, (x, 50))
            c.line([*inner, inner[0]], 0.4, tone.glow, alpha=0.7)
            c.soft(
                turned([(x - 14, 12), (x - 4, 12), (x - 12, 88), (x - 18, 88)], turn, (x, 50)),
                colour=WHITE,
                alpha=0.22,
                blur=3,
            )
        island = turned(rect(x - 15.4, 13.6, x + 1.6, 31, 4.6), turn, (x, 50))
        c.soft(moved(island, 0.6, 0.8), alpha=0.4, blur=0.7)
        c.fill(island, tone.dark)
        for dx, dy in ((-10.6, 18.4), (-3.2, 25.8)):
            lens = turned([(x + dx, dy)], turn, (x, 50))[0]
            c.fill(ellipse(*lens, 3.6), rgb("#22262b"))
            c.fill(ellipse(*lens, 2.3), rgb("#3f4d63"))
            c.fill(ellipse(lens[0] - 0.7, lens[1] - 0.8, 0.8), rgb("#b8c9dd"))
        flash = turned([(x - 3.2, 18.4)], turn, (x, 50))[0]
        c.fill(ellipse(*flash, 1.2), rgb("#f6ecd0"))
        c.line(turned(arc(x, 58, 8, 8, 0, 360), turn, (x, 50)), 0.5, tone.glow, alpha=0.6)


def powerbank(c: Canvas, p: Palette, slug: str) -> None:
    loop = curve([(36, 24), (24, 16), (16, 28), (18, 52), (22, 70), (31, 74)], closed=False)
    c.line(moved(loop, 1.4, 1.9), 2.6, rgb("#26202c"), alpha=0.22)
    c.line(loop, 2.6, p.deep)
    for i in range(0, len(loop) - 1, 2):
        c.line([loop[i], loop[i + 1]], 1.0, p.light, alpha=0.7)
    body = turned(rect(32, 16, 74, 86, 7), 6)
    drop(c, body, 2.2, 1.2)
    c.fill(body, across(p.light, p.dark))
    with c.inside(body):
        c.soft(turned([(34, 14), (44, 14), (38, 90), (32, 90)], 6), colour=WHITE, alpha=0.35, blur=2.6)
        for i in range(16):
            c.line(turned([(30, 60 + i * 1.6), (78, 60 + i * 1.6)], 6), 0.3, p.deep, alpha=0.3)
    screen = turned(rect(44, 24, 62, 34, 2), 6)
    c.fill(screen, rgb("#25292e"))
    c.write("86%", *turned([(53, 29)], 6)[0], 5, rgb("#a9e3c0"), angle=-6)
    c.write("TIDE", *turned([(53, 49)], 6)[0], 4, p.ink, angle=-6)
    c.write("10000 mAh  37 Wh", *turned([(53, 54)], 6)[0], 2, p.ink, angle=-6)
    plug = turned(rect(30, 71, 38, 77, 1.2), 6)
    c.fill(plug, fall(light(STEEL, 0.5), dark(STEEL, 0.2)))


def keyboard(c: Canvas, p: Palette, slug: str) -> None:
    def tilted(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return turned(points, -9)

    slab = tilted(rect(6, 30, 94, 70, 3))
    drop(c, slab, 2.6, 1.2)
    c.fill(tilted(rect(6, 31.6, 94, 71.6, 3)), p.deep)
    c.fill(slab, fall(p.light, mix(p.base, p.dark, 0.6)))
    accent = rgb("#d9805a")
    pale = light(p.base, 0.5)
    widths = (
        [1.0] * 16,
        [1.5, *[1.0] * 12, 1.5, 1.0],
        [1.8, *[1.0] * 11, 2.2, 1.0],
        [2.3, *[1.0] * 10, 1.7, 1.0, 1.0],
        [1.3, 1.3, 1.3, 5.8, 1.3, 1.0, 1.0, 1.0, 2.0],
    )
    for row, keys in enumerate(widths):
        scale = 85.6 / sum(keys)
        x, y = 7.6, 32 + row * 7.4
        for column, width in enumerate(keys):
            w = width * scale
            cap = tilted(rect(x + 0.25, y + 0.3, x + w - 0.35, y + 6.9, 1))
            c.fill(cap, p.deep if brightness(p.base) > 0.6 else dark(p.base, 0.6))
            top = tilted(rect(x + 0.65, y + 0.3, x + w - 0.75, y + 5.8, 0.9))
            special = (row, column) in ((0, 0), (2, 12), (3, 11))
            grey = column in (0, len(keys) - 1) or (row == 4 and column != 3)
            c.fill(top, accent if special else mix(pale, p.deep, 0.28) if grey else pale)
            x += w
    gleam(c, tilted([(8, 30), (40, 30), (28, 70), (8, 70)]), alpha=0.16, blur=4)


def cliplight(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 46, 82, 30)
    c.soft([(40, 34), (62, 34), (84, 80), (22, 80)], colour=rgb("#ffd58a"), alpha=0.55, blur=3.5)
    for x0, x1, y, colour in ((16, 74, 82, "#7c4b3a"), (18, 72, 76.4, "#48687a")):
        c.fill(rect(x0, y - 5.6, x1, y, 1), fall(light(rgb(colour), 0.15), dark(rgb(colour), 0.15)))
        c.fill(rect(x1 - 3.6, y - 4.8, x1 - 0.6, y - 0.8), rgb("#efe6d3"))
    c.fill([(20, 70.6), (44, 67.6), (68, 70.6), (68, 71.6), (20, 71.6)], rgb("#f6efe0"))
    c.line([(44, 67.8), (44, 71)], 0.3, rgb("#c5b89d"))
    neck = curve([(76, 72), (82, 52), (78, 30), (66, 22), (56, 24)], closed=False)
    c.line(neck, 2.6, NIGHT.deep)
    for i in range(0, len(neck), 1):
        c.fill(ellipse(*neck[i], 1.1), NIGHT.light, alpha=0.55)
    clip = curve([(70, 66), (80, 65), (84, 70), (82, 76), (71, 77)])
    c.fill(clip, across(p.light, p.dark))
    c.fill(rect(66, 68.6, 78, 71, 1), p.dark)
    head = turned(rect(40, 20, 62, 28, 3.6), -14, (56, 24))
    c.fill(head, fall(p.light, p.dark))
    glow = turned(rect(42, 26.8, 60, 28.8, 1), -14, (56, 24))
    c.fill(glow, rgb("#fff0c4"))
    c.soft(glow, colour=rgb("#ffd58a"), alpha=0.9, blur=1.4)
    c.fill(ellipse(76.6, 71, 1.2), STEEL)
