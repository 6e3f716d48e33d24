"""Fruit in boxes."""

from __future__ import annotations

from demo.pictures.canvas import Canvas
from demo.pictures.colour import BRASS, CARDBOARD, CREAM, LEAF, WHITE, WOOD, Palette, dark, light, rgb
from demo.pictures.shapes import (
    across,
    arc,
    curve,
    ellipse,
    fall,
    gleam,
    ground,
    rect,
    scatter,
)


def fruitbox(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 81, 34)
    inner = [(13, 58), (20, 44), (92, 44), (86, 58)]
    c.fill(inner, dark(CARDBOARD, 0.45))
    rows = ((45.5, (31, 44, 57, 70, 82), 6.6), (52.5, (23.5, 37, 50.5, 64, 77.5), 7.6))
    paint = kiwi if "kiwi" in slug else orange if "orange" in slug else apple
    for y, xs, r in rows:
        for i, x in enumerate(xs):
            paint(c, x, y, r, i)
    face = [(13, 58), (86, 58), (84, 81), (15, 81)]
    c.fill(face, fall(light(CARDBOARD, 0.22), dark(CARDBOARD, 0.06)))
    c.fill([(86, 58), (92, 44), (90, 71), (84, 81)], fall(dark(CARDBOARD, 0.2), dark(CARDBOARD, 0.35)))
    c.line([(13, 58), (86, 58)], 0.7, light(CARDBOARD, 0.5))
    c.fill(rect(20, 63, 27, 66.4, 1.7), dark(CARDBOARD, 0.5))
    c.fill(rect(72, 63, 79, 66.4, 1.7), dark(CARDBOARD, 0.5))
    c.write("ORCHARD MORNING", 49.6, 68, 4.0, dark(p.base, 0.35))
    c.line([(33, 72.2), (66, 72.2)], 0.4, dark(p.base, 0.35))
    c.write("PICKED TODAY  SENT TODAY", 49.6, 75.4, 2.3, dark(CARDBOARD, 0.55))


def apple(c: Canvas, x: float, y: float, r: float, number: int) -> None:
    red = (rgb("#b83a34"), rgb("#c94a3c"), rgb("#a92f33"))[number % 3]
    c.soft(ellipse(x + 1, y + r * 0.8, r * 0.9, r * 0.4), alpha=0.35, blur=0.8)
    body = curve(
        [
            (x, y - r * 0.82),
            (x + r * 0.6, y - r),
            (x + r, y - r * 0.2),
            (x + r * 0.6, y + r * 0.9),
            (x, y + r),
            (x - r * 0.6, y + r * 0.9),
            (x - r, y - r * 0.2),
            (x - r * 0.6, y - r),
        ]
    )
    c.fill(body, across(light(red, 0.22), dark(red, 0.2)))
    with c.inside(body):
        for k in range(7):
            c.line(
                curve([(x, y - r), (x + (k - 3) * r * 0.34, y), (x + (k - 3) * r * 0.2, y + r)], closed=False),
                0.3,
                rgb("#e6b061"),
                alpha=0.5,
            )
    c.fill(ellipse(x, y - r * 0.8, r * 0.3, r * 0.12), dark(red, 0.45))
    c.line([(x, y - r * 0.8), (x + r * 0.14, y - r * 1.24)], 0.5, rgb("#5a4028"))
    gleam(c, ellipse(x - r * 0.45, y - r * 0.36, r * 0.2, r * 0.32, turn=20), alpha=0.6, blur=0.4)
    if number % 2:
        c.fill(ellipse(x + r * 0.5, y - r * 1.12, r * 0.46, r * 0.18, turn=-22), LEAF)


def orange(c: Canvas, x: float, y: float, r: float, number: int) -> None:
    tone = (rgb("#e58a2e"), rgb("#ec9a3a"), rgb("#dd7c28"))[number % 3]
    c.soft(ellipse(x + 1, y + r * 0.8, r * 0.9, r * 0.4), alpha=0.35, blur=0.8)
    c.fill(ellipse(x, y, r), across(light(tone, 0.25), dark(tone, 0.18)))
    for dx, dy in scatter(12, (-0.7, -0.7, 0.7, 0.7)):
        c.fill(ellipse(x + dx * r, y + dy * r, 0.22), dark(tone, 0.25), alpha=0.5)
    gleam(c, ellipse(x - r * 0.4, y - r * 0.42, r * 0.26, r * 0.2), alpha=0.6, blur=0.4)
    c.fill(ellipse(x + r * 0.1, y - r * 0.72, 0.8, 0.5), dark(LEAF, 0.2))
    if number % 2 == 0:
        c.fill(ellipse(x + r * 0.55, y - r * 0.86, r * 0.5, r * 0.2, turn=-18), light(LEAF, 0.08))


def kiwi(c: Canvas, x: float, y: float, r: float, number: int) -> None:
    skin = rgb("#8a6a44")
    c.soft(ellipse(x + 1, y + r * 0.8, r * 0.9, r * 0.4), alpha=0.35, blur=0.8)
    if number == 2:
        c.fill(ellipse(x, y, r, r * 0.94), skin)
        c.fill(ellipse(x, y, r * 0.9, r * 0.84), rgb("#8fb548"))
        c.fill(ellipse(x, y, r * 0.62, r * 0.58), rgb("#a9cb62"))
        for k in range(18):
            spot = arc(x, y, r * 0.48, r * 0.44, k * 20, k * 20 + 1)[0]
            c.fill(ellipse(*spot, 0.5, 0.3, turn=k * 20), rgb("#2c2a1e"))
        c.fill(ellipse(x, y, r * 0.26, r * 0.22), rgb("#eef0cf"))
        return
    c.fill(ellipse(x, y, r, r * 0.92), across(light(skin, 0.22), dark(skin, 0.25)))
    for i, (dx, dy) in enumerate(scatter(26, (-0.75, -0.7, 0.75, 0.7))):
        c.line(
            [(x + dx * r, y + dy * r), (x + dx * r + 0.5, y + dy * r + 0.5)],
            0.16,
            dark(skin, 0.35) if i % 2 else light(skin, 0.3),
            alpha=0.7,
        )
    c.fill(ellipse(x + r * 0.2, y - r * 0.7, 0.9, 0.5), dark(skin, 0.45))


def giftbox(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 79, 34)
    lid = Palette(rgb("#a23a2e"))
    c.fill([(24, 24), (80, 24), (88, 46), (16, 46)], fall(lid.light, lid.base))
    c.line([(24, 24), (80, 24)], 0.8, lid.glow, alpha=0.6)
    c.fill(ellipse(52, 34, 9, 5.2), lid.deep, alpha=0.5)
    c.write("ORCHARD MORNING", 52, 34.4, 2.6, light(BRASS, 0.45))
    c.fill([(16, 46), (88, 46), (90, 72), (14, 72)], dark(lid.base, 0.5))
    for row in range(2):
        for column in range(4):
            x, y = 25.6 + column * 17.4 - row * 0.4, 52.6 + row * 13
            c.fill(ellipse(x, y + 0.8, 7.8, 5.6), dark(lid.base, 0.7))
            for k in range(10):
                c.fill(ellipse(*arc(x, y, 6.6, 4.7, k * 36, k * 36 + 1)[0], 1.9, 1.4), CREAM)
            c.fill(ellipse(x, y, 6.2, 4.6), across(rgb("#d98443"), rgb("#b25a28")))
            c.soft(ellipse(x - 0.6, y - 0.6, 4.2, 2.8), colour=WHITE, alpha=0.7, blur=0.9)
            c.fill(ellipse(x, y - 0.2, 1.6, 0.9), dark(WOOD, 0.4))
    c.fill([(14, 72), (90, 72), (89, 79), (15, 79)], fall(lid.light, lid.dark))
    c.line([(14, 72), (90, 72)], 0.5, light(BRASS, 0.4))
