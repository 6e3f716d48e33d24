"""Lamps, textiles for the house, a chair, wooden toys."""

from __future__ import annotations

from demo.pictures.canvas import Canvas, Run
from demo.pictures.colour import BRASS, WALNUT, WHITE, Palette, dark, light, mix, rgb
from demo.pictures.shapes import (
    across,
    arc,
    curve,
    drop,
    ellipse,
    fall,
    gleam,
    ground,
    lathe,
    mirrored,
    moved,
    rect,
    round_paint,
    scatter,
)

WARM = rgb("#ffe2a6")


def desklamp(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 42, 79, 17)
    c.soft([(58, 38), (78, 34), (98, 79), (56, 80)], colour=WARM, alpha=0.62, blur=3)
    c.soft(ellipse(74, 79, 18, 3), colour=WARM, alpha=0.7, blur=2)
    lathe(c, 42, [(74.6, 15), (76, 16), (79, 16)], p, tilt=0.16)
    c.fill(ellipse(42, 74.6, 15, 2.4), across(p.glow, p.base))
    for start, end in (((42, 74), (28, 46)), ((28, 46), (62, 25))):
        c.line([start, end], 2.5, p.dark)
        c.line([(start[0] - 0.5, start[1] - 0.3), (end[0] - 0.5, end[1] - 0.3)], 0.8, p.glow)
    for x, y in ((42, 74), (28, 46), (62, 25)):
        c.fill(ellipse(x, y, 2.6), across(p.glow, p.dark))
        c.fill(ellipse(x, y, 1.1), p.deep)
    head = curve([(58, 23), (65, 20), (72, 25), (80, 36), (78, 40), (60, 44), (57, 41), (57, 31)])
    c.fill(head, across(p.light, p.dark))
    gleam(c, curve([(60, 26), (64, 24), (66, 30), (62, 38), (60, 36)]), alpha=0.45, blur=0.8)
    mouth = ellipse(68.6, 40.6, 11.2, 2.5, turn=-13)
    c.fill(mouth, light(WARM, 0.45))
    c.soft(mouth, colour=WARM, alpha=0.9, blur=1.0)


def lantern(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 80, 15)
    c.soft(ellipse(50, 46, 34, 38), colour=WARM, alpha=0.5, blur=9)
    for x in (-1, 1):
        c.line([(50 + x * 8, 72), (50 + x * 11, 80)], 1.3, dark(WALNUT, 0.1))
    profile = [(14.5, 7), (20, 15), (32, 22), (46, 23.4), (60, 19.5), (70, 11.4), (73, 8)]
    body = lathe(c, 50, profile, Palette(light(p.base, 0.3)), tilt=0.14)
    with c.inside(body):
        c.soft(ellipse(50, 48, 15, 24), colour=rgb("#fff3d2"), alpha=1.0, blur=5)
        c.soft(ellipse(50, 50, 7, 11), colour=WHITE, alpha=0.8, blur=4)
        for i in range(14):
            y = 15 + i * 4.3
            c.line(arc(50, y, 24.5, 3.4, 2, 178), 0.42, rgb("#b58a4e"), alpha=0.55)
        for x in (-15, -7, 7, 15):
            c.line(
                curve([(50 + x * 0.35, 14), (50 + x * 1.35, 46), (50 + x * 0.4, 74)], closed=False),
                0.25,
                rgb("#b58a4e"),
                alpha=0.35,
            )
    c.fill(ellipse(50, 14.5, 7.2, 1.4), dark(WALNUT, 0.1))
    c.fill(ellipse(50, 14.3, 5.6, 0.9), light(WARM, 0.3))
    lathe(c, 50, [(72, 8.4), (74.2, 8)], Palette(WALNUT), tilt=0.16)


def nightlight(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 79, 16)
    c.soft(ellipse(50, 74, 36, 10), colour=WARM, alpha=0.7, blur=6)
    stem = lathe(c, 50, [(49, 8), (60, 8.6), (72, 11), (79, 12.4)], Palette(rgb("#f6ecd8")), tilt=0.18)
    with c.inside(stem):
        c.soft(ellipse(50, 52, 12, 10), colour=WARM, alpha=0.9, blur=3)
    for x in (46.4, 53.6):
        c.fill(ellipse(x, 65.5, 0.95, 1.25), rgb("#5b4636"))
    c.line(arc(50, 66.8, 1.8, 1.5, 20, 160), 0.45, rgb("#5b4636"))
    for x in (43, 57):
        c.soft(ellipse(x, 68, 1.6, 1.0), colour=rgb("#e88f7a"), alpha=0.6, blur=0.5)
    cap = curve(
        [(22, 50), (25, 36), (36, 25), (50, 22), (64, 25), (75, 36), (78, 50), (66, 54.4), (50, 55.6), (34, 54.4)]
    )
    c.fill(cap, round_paint(p))
    with c.inside(cap):
        c.soft(ellipse(50, 57, 26, 5), colour=WARM, alpha=0.9, blur=2)
        for x, y, rx, ry in (
            (38, 34, 4.4, 3.6),
            (57, 30, 5.2, 3.8),
            (69, 42, 3.6, 3.8),
            (49, 43, 4.2, 3.4),
            (30, 45, 2.9, 2.8),
        ):
            c.fill(ellipse(x, y, rx, ry), light(p.base, 0.78), alpha=0.92)
    gleam(c, ellipse(36, 29.6, 7, 2.2, turn=-35), alpha=0.4, blur=1.2)


def towel(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 79, 29)
    other = (p, Palette(mix(p.base, WHITE, 0.45)), p)
    for i, tone in enumerate(other):
        top = 61 - i * 17.5
        layer = rect(21 + i * 0.8, top, 79 - i * 0.6, top + 18, 7)
        c.fill(layer, folds(tone))
        with c.inside(layer):
            for k in range(3):
                c.line([(21, top + 4.6 + k * 4.4), (71, top + 4.6 + k * 4.4)], 0.35, tone.deep, alpha=0.20)
            c.fill(rect(30, top - 1, 34.4, top + 19), tone.glow, alpha=0.7)
            c.fill(rect(36, top - 1, 37.4, top + 19), tone.glow, alpha=0.7)
            for k, (x, y) in enumerate(scatter(110, (21, top, 80, top + 18))):
                c.fill(ellipse(x, y, 0.4, 0.3), tone.glow if k % 2 else tone.dark, alpha=0.45)
        roll = ellipse(73.6 - i * 0.5, top + 9, 5.2, 8.8)
        c.fill(roll, tone.dark)
        for r in (0.78, 0.5, 0.24):
            c.line(ellipse(73.6 - i * 0.5, top + 9, 5.2 * r, 8.8 * r), 0.6, tone.light)
    c.line(curve([(21, 43), (50, 44.2), (78.6, 43)], closed=False), 0.9, rgb("#b08d5b"))
    tag = rect(46, 43, 54, 54, 0.8)
    c.soft(moved(tag, 0.5, 0.7), alpha=0.3, blur=0.6)
    c.fill(tag, rgb("#f2ead9"))
    c.write("XUYU", 50, 48.4, 2.2, rgb("#7b6a50"))


def folds(tone: Palette) -> Run:
    return fall(tone.light, tone.dark)


def cushion(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 80, 29)
    body = curve(
        [
            (19, 22),
            (34, 25.4),
            (50, 26),
            (66, 25.4),
            (81, 22),
            (78.8, 36),
            (78.6, 52),
            (79, 66),
            (82, 80),
            (66, 78.6),
            (50, 79),
            (34, 78.6),
            (18, 80),
            (21, 66),
            (21.4, 52),
            (21.2, 36),
        ]
    )
    c.fill(body, fall(p.light, p.dark))
    with c.inside(body):
        for i in range(46):
            c.line([(16, 21 + i * 1.35), (84, 21 + i * 1.35)], 0.14, p.deep, alpha=0.22)
            c.line([(18 + i * 1.45, 18), (18 + i * 1.45, 82)], 0.14, p.glow, alpha=0.22)
        c.soft(ellipse(43, 42, 17, 13), colour=WHITE, alpha=0.28, blur=6)
        for x0, y0, x1, y1 in (
            (20, 23, 33, 37),
            (80, 23, 67, 37),
            (20, 79, 32, 66),
            (80, 79, 68, 66),
            (50, 80, 49, 68),
        ):
            c.soft([(x0, y0), (x1, y1), (x1 + 1.6, y1 - 0.6), (x0 + 2.4, y0)], colour=p.deep, alpha=0.5, blur=1.0)
        c.soft(rect(10, 74, 90, 90), colour=p.deep, alpha=0.45, blur=4)
    c.line([*body, body[0]], 0.9, p.dark)
    c.line([*moved(body, -0.2, -0.3), moved(body, -0.2, -0.3)[0]], 0.3, p.glow, alpha=0.8)


def throw(c: Canvas, p: Palette, slug: str) -> None:
    folded = rect(18, 24, 82, 70, 3)
    drop(c, folded, 2.4, 1.2)
    for i in range(33):
        x = 19.5 + i * 1.92
        c.line([(x, 69), (x + (i % 3 - 1) * 0.7, 77)], 0.75, p.light if i % 2 else p.dark)
    for i in (2, 1, 0):
        layer = rect(18 + i * 0.3, 24 + i * 1.6, 82 - i * 0.3, 68 + i * 1.4, 3)
        c.fill(layer, fall(p.light, mix(p.base, p.dark, 0.25 + i * 0.35)))
    with c.inside(folded):
        for i in range(6):
            c.fill(rect(22 + i * 11, 20, 27 + i * 11, 69), p.deep, alpha=0.32)
            c.fill(rect(29.2 + i * 11, 20, 30.2 + i * 11, 69), light(p.base, 0.75), alpha=0.65)
        for i in range(5):
            c.fill(rect(10, 27 + i * 9.4, 90, 31.4 + i * 9.4), p.deep, alpha=0.32)
            c.fill(rect(10, 33.4 + i * 9.4, 90, 34.2 + i * 9.4), light(p.base, 0.75), alpha=0.65)
        c.soft(ellipse(36, 32, 24, 12), colour=WHITE, alpha=0.25, blur=7)
    c.soft(rect(18, 45.6, 82, 46.6), alpha=0.3, blur=0.7)
    patch = rect(68, 58, 78, 63, 0.6)
    c.fill(patch, rgb("#efe7d8"))
    c.write("LAMBSWOOL", 73, 60.5, 1.5, rgb("#6b5d4a"))


def chair(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 86, 24)
    for x, lean, y in ((36, -1, 79), (64, 1, 79)):
        c.line([(x, 53), (x + lean, y)], 2.4, p.deep)
    c.line(
        curve([(26, 36), (24.6, 24), (36, 17), (50, 15.4), (64, 17), (75.4, 24), (74, 36)], closed=False), 4.4, p.dark
    )
    c.line(
        curve([(26, 35), (24.4, 23.4), (36, 16.2), (50, 14.6), (64, 16.2), (75.6, 23.4), (74, 35)], closed=False),
        2.4,
        p.light,
    )
    for x0, x1 in ((36, 38), (45, 46), (55, 54), (64, 62)):
        c.line([(x0, 18), (x1, 51)], 1.5, mix(p.base, p.dark, 0.4))
    for post in (27.4, 72.6):
        c.line([(50 + (post - 50) * 1.05, 30), (post + (50 - post) * 0.06, 54)], 2.2, p.dark)
    seat = curve([(29, 50), (50, 48.6), (71, 50), (77.4, 57), (76, 61), (50, 63), (24, 61), (22.6, 57)])
    c.fill(moved(seat, 0, 2.4), p.deep)
    c.fill(seat, fall(rgb("#ead9b8"), rgb("#cdb58a")))
    with c.inside(seat):
        for i in range(34):
            c.line([(20 + i * 1.8, 46), (18 + i * 1.9, 66)], 0.28, rgb("#a98f63"), alpha=0.55)
        c.line([(22, 47), (50, 56), (78, 47)], 0.4, rgb("#a98f63"), alpha=0.6)
        c.line([(20, 66), (50, 56), (80, 66)], 0.4, rgb("#a98f63"), alpha=0.6)
    for side in (False, True):
        leg = [(26.6, 61.5), (31, 62), (25.4, 87), (22.8, 87)]
        c.fill(mirrored(leg) if side else leg, across(p.dark, p.base) if side else across(p.light, p.dark))
    c.line([(27.4, 74), (72.6, 74)], 1.4, p.dark)
    c.line([(27.4, 73.7), (72.6, 73.7)], 0.5, p.light)


def speaker(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 80, 22)
    c.fill([(72, 22), (78, 19), (78, 77), (72, 80)], across(p.dark, p.deep))
    c.fill([(27, 22), (33, 19), (78, 19), (72, 22)], across(p.glow, p.light))
    face = rect(27, 22, 72, 80, 1.6)
    c.fill(face, fall(p.light, mix(p.base, p.dark, 0.3)))
    with c.inside(face):
        for i in range(15):
            c.line(
                curve([(25, 24 + i * 4), (42, 22.6 + i * 4.1), (60, 25.4 + i * 3.9), (76, 23 + i * 4)], closed=False),
                0.25,
                p.deep,
                alpha=0.28,
            )
    for r, colour in ((17, rgb("#3a3d42")), (15.6, rgb("#55595f")), (14.4, rgb("#2d3035"))):
        c.fill(ellipse(49.5, 46, r), fall(light(colour, 0.12), colour))
    for groove in (11.6, 9):
        c.line(ellipse(49.5, 46, groove), 0.4, rgb("#4b4f56"))
    c.fill(ellipse(49.5, 46, 5.4), fall(rgb("#5e636b"), rgb("#26292d")))
    gleam(c, ellipse(46.4, 42.4, 2.6, 1.4, turn=-35), alpha=0.5, blur=0.6)
    c.soft(ellipse(40.6, 71.4, 4.2), alpha=0.4, blur=0.7)
    c.fill(ellipse(40, 70.6, 4), across(light(BRASS, 0.4), dark(BRASS, 0.2)))
    c.line([(40, 70.6), (41.8, 67.8)], 0.5, dark(BRASS, 0.5))
    c.fill(ellipse(56, 70.6, 0.8), rgb("#7fd0a0"))
    c.write("TIDE", 63, 70.8, 2.4, p.ink)
