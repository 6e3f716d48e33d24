"""Notebooks, a pen and books, lying flat or standing."""

from __future__ import annotations

from demo.pictures.canvas import Canvas
from demo.pictures.colour import BRASS, CREAM, INK, PAPER, STEEL, WHITE, Palette, brightness, dark, light, mix, rgb
from demo.pictures.shapes import across, arc, curve, drop, ellipse, fall, gleam, moved, rect, scatter, turned


def notebook(c: Canvas, p: Palette, slug: str) -> None:
    inside = turned(rect(40, 24, 88, 84, 1), 10, (64, 54))
    drop(c, inside, 1.6)
    c.fill(inside, fall(light(PAPER, 0.4), PAPER))
    for row in range(18):
        for column in range(14):
            dot = turned([(43.4 + column * 3.2, 27.4 + row * 3.2)], 10, (64, 54))[0]
            c.fill(ellipse(*dot, 0.22), rgb("#a59a84"))
    cover = turned(rect(14, 14, 62, 80, 1.6), -6, (38, 47))
    pages = turned(rect(16, 15.4, 63.4, 81, 1), -6, (38, 47))
    drop(c, pages, 2.2, 1.2)
    c.fill(pages, rgb("#e9e0cc"))
    c.fill(cover, fall(p.light, p.dark))
    with c.inside(cover):
        for x, y in scatter(90, (8, 8, 68, 88)):
            c.fill(ellipse(x, y, 0.18), p.glow, alpha=0.5)
        c.soft(turned([(20, 12), (34, 12), (26, 82), (14, 82)], -6, (38, 47)), colour=WHITE, alpha=0.2, blur=4)
        c.fill(turned(rect(12, 12, 17.4, 82), -6, (38, 47)), p.deep, alpha=0.35)
    for i in range(11):
        c.line(turned([(14.4, 18 + i * 5.8), (17, 18 + i * 5.8)], -6, (38, 47)), 0.5, CREAM)
    plate = turned(rect(28, 28, 52, 42, 0.8), -6, (38, 47))
    c.fill(plate, CREAM)
    c.line([*turned(rect(29, 29, 51, 41, 0.4), -6, (38, 47)), turned([(29, 29.4)], -6, (38, 47))[0]], 0.2, p.dark)
    c.write("TEN PAGES", *turned([(40, 33.4)], -6, (38, 47))[0], 2.7, rgb("#4c4436"), angle=6)
    c.write("DOTTED  A5  192", *turned([(40, 37.6)], -6, (38, 47))[0], 1.8, rgb("#7b7160"), angle=6)


def planner(c: Canvas, p: Palette, slug: str) -> None:
    for x0, x1, tone in ((10, 50, light(PAPER, 0.35)), (50, 90, PAPER)):
        c.soft(moved(rect(x0, 22, x1, 78), 1.6, 2.4), alpha=0.3, blur=1.8)
        c.fill(rect(x0 - 1.2, 20.6, x1 + 1.2, 79.4, 1.6), p.dark)
        c.fill(
            rect(x0, 22, x1, 78, 0.6),
            across(tone, mix(tone, rgb("#c9bea6"), 0.25))
            if x0 == 10
            else across(mix(tone, rgb("#c9bea6"), 0.35), tone),
        )
    for i, day in enumerate(("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")):
        y = 26 + i * 7.3
        c.line([(13, y + 5.4), (46, y + 5.4)], 0.2, rgb("#c3b79f"))
        c.write(day, 16, y + 1, 2.0, p.dark if brightness(p.base) < 0.6 else p.deep)
        if i in (0, 1, 3, 4):
            for k in range(2 if i != 1 else 1):
                length = (14, 22, 0, 18, 11)[i] - k * 5
                c.line([(22, y + k * 2.4), (22 + length, y + k * 2.4)], 0.5, rgb("#6d6a66"), alpha=0.6)
    for row in range(17):
        c.line([(54, 26 + row * 3), (86, 26 + row * 3)], 0.12, rgb("#c3b79f"))
    for column in range(12):
        c.line([(54 + column * 2.9, 26), (54 + column * 2.9, 74)], 0.12, rgb("#c3b79f"))
    c.line(curve([(58, 60), (64, 52), (70, 56), (78, 40)], closed=False), 0.7, p.base)
    for spot in ((58, 60), (64, 52), (70, 56), (78, 40)):
        c.fill(ellipse(*spot, 1.0), p.base)
    c.soft(rect(47, 22, 53, 78), alpha=0.25, blur=1.6)
    c.line(curve([(50, 22), (50.4, 60), (54, 84), (52, 92)], closed=False), 1.1, rgb("#c8553f"))
    c.line(curve([(50, 22), (49.6, 60), (47, 82), (47.6, 88)], closed=False), 1.1, p.base)
    pen_body = turned(rect(62, 66, 94, 69.6, 1.6), -34, (78, 68))
    drop(c, pen_body, 1.0)
    c.fill(pen_body, fall(light(INK, 0.3), INK))


def pen(c: Canvas, p: Palette, slug: str) -> None:
    angle, middle = -28.0, (50.0, 50.0)
    paper = turned(rect(22, 20, 96, 96, 0.6), 8, (60, 60))
    drop(c, paper, 1.0, 0.8)
    c.fill(paper, fall(light(PAPER, 0.5), PAPER))
    for i in range(12):
        c.line(turned([(28, 30 + i * 5.4), (92, 30 + i * 5.4)], 8, (60, 60)), 0.14, rgb("#cfc4ad"))
    stroke = curve([(36, 72), (40, 66), (43, 74), (48, 67), (51, 75), (57, 68), (61, 74), (70, 71)], closed=False)
    c.line(stroke, 0.55, rgb("#2f4a78"))
    body = turned(rect(34, 45.4, 84, 54.6, 2.4), angle, middle)
    drop(c, body, 2.0, 1.3)
    grip = turned([(34, 46), (24, 47.4), (24, 52.6), (34, 54)], angle, middle)
    drop(c, grip, 1.6)
    c.fill(grip, fall(light(INK, 0.35), INK))
    nib = turned([(24, 47.4), (18, 48), (9, 50), (18, 52), (24, 52.6)], angle, middle)
    c.fill(nib, fall(light(STEEL, 0.6), dark(STEEL, 0.2)))
    c.line(turned([(10, 50), (19, 50)], angle, middle), 0.25, dark(STEEL, 0.6))
    c.fill(ellipse(*turned([(19.4, 50)], angle, middle)[0], 0.5), dark(STEEL, 0.6))
    c.fill(body, fall(p.light, p.dark))
    c.fill(turned(rect(35, 46.4, 83, 48, 0.8), angle, middle), p.glow, alpha=0.75)
    for x in (34, 58, 81):
        c.fill(turned(rect(x, 45.2, x + 1.8, 54.8, 0.4), angle, middle), fall(light(BRASS, 0.6), dark(BRASS, 0.3)))
    cap = turned(rect(58, 62, 92, 71.6, 2.6), angle + 9, (74, 66))
    drop(c, cap, 1.8, 1.2)
    c.fill(cap, fall(p.light, p.dark))
    c.fill(turned(rect(59, 63, 91, 64.4, 0.7), angle + 9, (74, 66)), p.glow, alpha=0.75)
    c.fill(turned(rect(62, 65.4, 86, 67.4, 1), angle + 9, (74, 66)), fall(light(BRASS, 0.6), dark(BRASS, 0.25)))


def standing_book(c: Canvas, p: Palette, x0: float, x1: float, top: float, thick: float) -> list[tuple[float, float]]:
    """A book lying flat, seen from above, with its pages showing; returns the cover."""
    block = turned(rect(x0 + 1.4, top + 1.4, x1 + thick, 88 + thick * 0.6, 1), -4)
    drop(c, block, 2.4, 1.2)
    c.fill(block, p.deep)
    c.fill(turned(rect(x0 + 2, top + 2, x1 + thick - 1, 87.4 + thick * 0.6, 0.6), -4), rgb("#efe5d0"))
    for i in range(4):
        c.line(turned([(x1 + thick * i / 4, top + 4), (x1 + thick * i / 4, 88)], -4), 0.14, rgb("#c9bb9c"))
    cover = turned(rect(x0, top, x1, 88, 1.4), -4)
    c.fill(cover, fall(p.light, p.base))
    return cover


def picturebook(c: Canvas, p: Palette, slug: str) -> None:
    cover = standing_book(c, p, 16, 80, 16, 4)
    with c.inside(cover):
        c.fill(rect(0, 0, 100, 58), fall(rgb("#f6d9a8"), rgb("#f3b98a")))
        c.fill(ellipse(62, 40, 9), rgb("#fff2d0"))
        c.fill(
            curve([(-10, 62), (20, 55), (44, 60), (70, 54), (110, 62), (110, 110), (-10, 110)]),
            fall(rgb("#5c9ab8"), rgb("#2f5f86")),
        )
        for x, y, colour in ((70, 51, "#b5543e"), (77, 50, "#d98a4a"), (64, 53, "#7d5a6b")):
            c.fill(rect(x, y, x + 5.4, y + 6), rgb(colour))
            c.fill([(x - 0.8, y), (x + 2.7, y - 3.6), (x + 6.2, y)], dark(rgb(colour), 0.25))
            c.fill(rect(x + 1.8, y + 2, x + 3.4, y + 4), rgb("#ffe6a0"))
        whale = curve(
            [
                (22, 70),
                (26, 60),
                (38, 55),
                (50, 58),
                (57, 65),
                (62, 62),
                (69, 57),
                (71, 61),
                (66, 66),
                (72, 67),
                (70, 71),
                (62, 71),
                (54, 77),
                (38, 80),
                (26, 77),
            ]
        )
        c.fill(whale, fall(rgb("#3d5a86"), rgb("#2c3f63")))
        with c.inside(whale):
            c.fill(curve([(20, 73), (34, 73), (48, 74), (50, 80), (34, 84), (20, 80)]), rgb("#e3e6e4"))
            for k in range(4):
                c.line(
                    curve([(24, 75.4 + k * 1.4), (34, 75.6 + k * 1.4), (46, 76 + k)], closed=False),
                    0.25,
                    rgb("#a9b4bd"),
                )
        c.fill(ellipse(31, 68, 0.9), WHITE)
        c.fill(ellipse(31.1, 68.1, 0.5), INK)
        for side in (-1, 1):
            c.line(
                curve([(36, 55), (36 + side * 1.4, 49), (36 + side * 5, 47.6), (36 + side * 6, 51)], closed=False),
                0.9,
                rgb("#eaf4f6"),
            )
        for i in range(7):
            c.line(arc(12 + i * 13, 84 - (i % 2) * 4, 5, 1.6, 190, 350), 0.5, rgb("#8fc0d4"), alpha=0.7)
    c.write("THE WHALE", 46, 24.6, 5.6, rgb("#7a3f34"), angle=4)
    c.write("ASKS THE WAY", 46.4, 31.4, 5.0, rgb("#7a3f34"), angle=4)
    gleam(c, turned([(16, 16), (30, 16), (22, 88), (16, 88)], -4), alpha=0.2, blur=2)


def book(c: Canvas, p: Palette, slug: str) -> None:
    cover = standing_book(c, Palette(rgb("#efe4cf")), 22, 76, 12, 5)
    with c.inside(cover):
        c.fill(rect(0, 54, 100, 110), p.base)
        for i, (x, top, colour) in enumerate(
            ((12, 56, "#8a4f3c"), (30, 50, "#a9674c"), (50, 58, "#7a4436"), (66, 52, "#96573f"))
        ):
            c.fill(rect(x, top, x + 22, 100), rgb(colour))
            roof = curve(
                [(x - 3, top + 1), (x + 4, top - 4), (x + 11, top - 6), (x + 18, top - 4), (x + 25, top + 1)],
                closed=False,
            )
            c.fill([*roof, (x + 25, top + 2.4), (x - 3, top + 2.4)], rgb("#4d4a4c"))
            for k in range(7):
                c.line([(x + k * 3.6, top - 2.6), (x + k * 3.6, top + 1.6)], 0.3, rgb("#6b686a"))
            c.fill(rect(x + 7, top + 10, x + 14, top + 24, 0.6), rgb("#c9503e") if i % 2 else rgb("#3f5a55"))
        c.line(curve([(70, 60), (68, 44), (74, 34), (71, 24)], closed=False), 1.4, rgb("#5d4a3c"))
        for leaf_x, leaf_y in scatter(26, (58, 18, 84, 42)):
            tone = mix(rgb("#d8a83c"), rgb("#c46f2c"), (leaf_x * 7 % 10) / 10)
            c.fill(ellipse(leaf_x, leaf_y, 2.6, 1.6, turn=leaf_x * 9), tone)
        for bird_x, bird_y in ((30, 40), (36, 37), (27, 35)):
            c.line([(bird_x - 2, bird_y - 1), (bird_x, bird_y), (bird_x + 2, bird_y - 1)], 0.4, INK)
    c.write("FOUR SEASONS", 40, 20, 4.0, rgb("#5b3a2c"), angle=4)
    c.write("OF AN ALLEY", 40.2, 25.6, 4.0, rgb("#5b3a2c"), angle=4)
    c.write("ESSAYS", 40.4, 31, 2.4, rgb("#8a6b55"), angle=4)
    gleam(c, turned([(22, 12), (32, 12), (26, 88), (22, 88)], -4), alpha=0.25, blur=2)


def keycard(c: Canvas, p: Palette, slug: str) -> None:
    """A card with a key under its silver strip, half scratched free; what it says is nobody's key."""
    back = turned(rect(26, 26, 88, 66, 3), 7, (57, 46))
    drop(c, back, 1.8)
    c.fill(back, fall(light(p.base, 0.35), p.base))
    card = turned(rect(12, 30, 78, 72, 3), -5, (45, 51))
    drop(c, card, 2.4, 1.2)
    c.fill(card, fall(p.light, p.dark))
    with c.inside(card):
        c.soft(turned([(14, 30), (34, 30), (22, 74), (6, 74)], -5, (45, 51)), colour=WHITE, alpha=0.22, blur=4)
        for x, y in scatter(60, (10, 26, 82, 76)):
            c.fill(ellipse(x, y, 0.2), p.glow, alpha=0.4)
        c.fill(turned(ellipse(68, 38, 15), -5, (45, 51)), p.glow, alpha=0.25)
    c.write(slug.partition("-")[0].upper(), *turned([(30, 36)], -5, (45, 51))[0], 4.6, WHITE, angle=5)
    strip = turned(rect(18, 56, 72, 65, 1), -5, (45, 51))
    c.fill(strip, fall(light(STEEL, 0.3), STEEL))
    c.fill(turned(rect(18, 56, 46, 65, 1), -5, (45, 51)), CREAM)
    c.write("DEMO  0000", *turned([(32, 58.4)], -5, (45, 51))[0], 3.0, INK, angle=5)
    gleam(c, turned([(52, 56), (60, 56), (56, 65), (48, 65)], -5, (45, 51)), alpha=0.4, blur=1)
