"""Cups, pots, bowls, jars, knives and boards."""

from __future__ import annotations

from demo.pictures.canvas import Canvas, Points
from demo.pictures.colour import BRASS, LEAF, STEEL, WALNUT, WHITE, WOOD, Palette, dark, light, mix, rgb
from demo.pictures.drawings.jars import shine
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
    rect,
    rim,
    scatter,
    turned,
)

CLAY = rgb("#b98a68")


def mug(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 48, 78, 17)
    loop = curve([(62, 45), (73, 44), (77, 54), (72, 65), (61, 67)], closed=False)
    c.line(loop, 4.6, p.dark)
    c.line([(x - 0.5, y - 0.5) for x, y in loop], 2.6, p.light)
    body = lathe(c, 47, [(35, 17), (46, 17.8), (62, 17.4), (73, 15.2), (78, 12)], p, tilt=0.18)
    with c.inside(body):
        for i in range(11):
            y = 42 + i * 3.1
            c.line(arc(47, y, 18, 3.3, 5, 175), 0.35, p.glow if i % 2 else p.deep, alpha=0.32)
        c.fill([*arc(47, 73.6, 18, 3.2, 180, 0), (70, 90), (25, 90)], across(light(CLAY, 0.2), dark(CLAY, 0.25)))
    shine(c, 34, 44, 68)
    rim(c, 47, 35, 17, p, p.base, tilt=0.18, wall=1.1)
    c.fill(ellipse(47, 36.5, 14.6, 2.2), fall(rgb("#7a4526"), rgb("#a9693a")))


def teapot(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 49, 78, 22)
    hoop = arc(47, 51, 16, 32, 183, 357)
    c.line(hoop, 3.0, dark(WALNUT, 0.2))
    c.line([(x - 0.4, y - 0.5) for x, y in hoop], 1.2, light(WALNUT, 0.25))
    spout = curve([(62, 66), (72, 60), (77, 47), (82, 42), (79, 40.5), (72, 45), (66, 52), (62, 52)])
    c.fill(spout, across(p.light, p.dark))
    c.fill(ellipse(80.4, 41.6, 2.0, 0.9, turn=-20), p.deep)
    body = lathe(c, 47, [(46, 11), (49, 15.5), (58, 21.5), (68, 21), (75, 16), (78, 12.5)], p, tilt=0.2)
    with c.inside(body):
        for i in range(9):
            c.line(arc(47, 52 + i * 3, 23, 4.2, 5, 175), 0.3, p.deep, alpha=0.28)
    shine(c, 31, 54, 67, 2.2)
    c.fill(ellipse(47, 46, 11.6, 2.6), p.deep)
    lathe(c, 47, [(41.5, 3), (43.4, 8.2), (45.6, 10.8)], p, tilt=0.18)
    lathe(c, 47, [(37.4, 2.2), (39.2, 2.7), (41.4, 1.7)], p, tilt=0.3)


def one_bowl(c: Canvas, x: float, y: float, p: Palette, filled: bool = False) -> None:
    body = lathe(c, x, [(y - 13, 19), (y - 8, 18), (y - 3, 12.5), (y, 7.5)], p, tilt=0.2)
    with c.inside(body):
        for i, (dot_x, dot_y) in enumerate(scatter(48, (x - 19, y - 12, x + 19, y + 2))):
            c.fill(ellipse(dot_x, dot_y, 0.26 + (i % 3) * 0.1), dark(p.base, 0.5), alpha=0.65)
    rim(c, x, y - 13, 19, p, p.base, wall=0.9)
    if filled:
        c.fill(ellipse(x, y - 13.6, 15, 3.4), rgb("#f7f3ea"))
        c.soft(ellipse(x - 3, y - 15, 8, 1.4), colour=WHITE, alpha=0.8, blur=0.6)


def bowl(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 64, 70, 15)
    for i, y in enumerate((70.0, 63.6, 57.2)):
        one_bowl(c, 64, y, p)
        if i < 2:
            c.soft(ellipse(64, y - 12, 15, 2.6), alpha=0.45, blur=0.8)
    ground(c, 37, 79, 16)
    one_bowl(c, 37, 79, p, filled=True)


def blade(c: Canvas, outline: Points, ridge: Points) -> None:
    c.fill(outline, fall(rgb("#e9edf0"), rgb("#a9b3bb")))
    with c.inside(outline):
        c.fill(ridge, fall(rgb("#f6f8f9"), rgb("#cfd6db")))
        c.line([(12, 36), (70, 26)], 0.5, WHITE, alpha=0.8)


def knife(c: Canvas, p: Palette, slug: str) -> None:
    edge = curve([(6, 48), (20, 55.5), (40, 58), (60, 57.4), (62, 57)], closed=False)
    outline = turned([*edge, (62, 42), (30, 41.5), (14, 43.4)], -18)
    handle = turned(rect(63, 42.4, 95, 50.4, 3), -18)
    drop(c, outline, 1.6)
    drop(c, handle, 1.8)
    blade(c, outline, turned([(0, 52), (20, 51), (62, 51.5), (62, 62), (0, 62)], -18))
    c.fill(turned(rect(61.4, 42, 65, 51, 0.8), -18), fall(light(BRASS, 0.3), dark(BRASS, 0.2)))
    c.fill(handle, fall(p.light, p.dark))
    with c.inside(handle):
        for i in range(5):
            c.line(turned([(64, 43.6 + i * 1.5), (96, 44 + i * 1.4)], -18), 0.25, p.deep, alpha=0.4)
    for x in (70, 79, 88):
        c.fill(ellipse(*turned([(x, 46.4)], -18)[0], 0.9), fall(light(BRASS, 0.4), dark(BRASS, 0.2)))
    c.write("RENZHEN", *turned([(50, 46)], -18)[0], 2.2, rgb("#8d979f"), angle=18)


def paring(c: Canvas, p: Palette, slug: str) -> None:
    outline = turned([*curve([(18, 45.6), (28, 50), (44, 51.4), (50, 51.2)], closed=False), (50, 44), (30, 43.8)], -32)
    handle = turned(rect(50, 43.4, 80, 51.4, 3.6), -32)
    sheath = turned([(20, 66), (52, 63.5), (54, 65), (54, 72.5), (30, 73), (18, 69.4)], -32, (50, 62))
    for part in (outline, handle, sheath):
        drop(c, part, 1.5)
    blade(c, outline, turned([(10, 48), (50, 48), (50, 55), (10, 55)], -32))
    for part in (handle, sheath):
        c.fill(part, fall(p.light, p.dark))
        with c.inside(part):
            for i in range(9):
                c.line(turned([(16, 43 + i * 3.6), (86, 42.4 + i * 3.7)], -32), 0.25, p.deep, alpha=0.35)
    c.fill(ellipse(*turned([(75, 47.4)], -32)[0], 1.0), p.deep)
    lemon = ellipse(79, 72, 9.5)
    drop(c, lemon, 1.4)
    c.fill(lemon, rgb("#e8b93c"))
    c.fill(ellipse(79, 72, 8.3), rgb("#f7ecc0"))
    for i in range(8):
        wedge = [(79, 72), *arc(79, 72, 7.3, 7.3, i * 45 + 5, i * 45 + 40)]
        c.fill(wedge, light(rgb("#f0cb55"), 0.06 * (i % 3)))


def board(c: Canvas, p: Palette, slug: str) -> None:
    slab = rect(14, 24, 86, 76, 3)
    drop(c, slab, 2.2, 1.2)
    c.fill([(x, y + 2.2) for x, y in slab], dark(WOOD, 0.4))
    c.fill(slab, WOOD)
    tones = [rgb(code) for code in ("#d9b27a", "#b98652", "#c99a62", "#e3c596", "#a8744a")]
    with c.inside(slab):
        for row in range(7):
            for column in range(9):
                x, y = 12 + column * 8.6 + (row % 2) * 4, 23 + row * 7.7
                c.fill(rect(x, y, x + 8.4, y + 7.5), tones[(row * 7 + column * 3 + row * column) % 5])
                c.line(arc(x + 4, y + 9, 5, 6, 200, 340), 0.2, WALNUT, alpha=0.3)
    gleam(c, [(14, 24), (50, 24), (30, 76), (14, 76)], alpha=0.22, blur=3)
    for x in (20, 26.5, 33, 39.5):
        slice_ = ellipse(x + 3, 55, 5.6)
        drop(c, slice_, 0.8)
        c.fill(slice_, rgb("#b93a32"))
        c.fill(ellipse(x + 3, 55, 4.8), rgb("#dd6350"))
        for k in range(4):
            c.fill(ellipse(x + 3, 55, 3.4, 1.0, turn=k * 45), rgb("#efae84"), alpha=0.8)
    for x, y, turn in ((66, 42, 20), (71, 46, -30), (62, 48, 70)):
        c.fill(ellipse(x, y, 6, 2.4, turn=turn), light(LEAF, 0.1))
        c.line([(x - 3, y), (x + 3, y)], 0.25, light(LEAF, 0.5), alpha=0.6)


def pot(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 78, 27)
    for side in (False, True):
        ear = rect(16.5, 54, 26, 59, 2.4)
        c.fill(mirrored(ear) if side else ear, p.dark)
        hole = rect(18.5, 55.4, 25, 57.6, 1.1)
        c.fill(mirrored(hole) if side else hole, dark(p.base, 0.6))
    body = lathe(c, 50, [(51, 26), (56, 26.6), (70, 25.6), (76, 23), (78, 20)], p, tilt=0.14)
    with c.inside(body):
        c.line(arc(50, 54, 27, 3.8, 0, 180), 0.5, p.glow, alpha=0.5)
    shine(c, 29, 58, 72, 2.4)
    c.fill(ellipse(50, 51, 26.4, 3.9), p.deep)
    lathe(c, 50, [(41.5, 6), (43, 14), (46.4, 23), (50, 26)], p, tilt=0.14)
    gleam(c, ellipse(39, 45.6, 7, 1.5, turn=-12), alpha=0.5, blur=0.9)
    lathe(c, 50, [(36, 3.6), (37.6, 4.2), (39.6, 2.6), (41.6, 2.8)], Palette(STEEL), tilt=0.25)


def teaset(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 42, 78, 17)
    for x in (69, 84):
        ground(c, x, 79, 7)
        lathe(c, x, [(68, 7.4), (73, 7), (77.6, 4.4), (79, 3.6)], p)
        rim(c, x, 68, 7.4, p, p.base, wall=0.6)
        c.fill(ellipse(x, 68.6, 6, 1.1), rgb("#c98a3c"))
    spout = curve([(56, 66), (63, 60), (68, 52), (65.5, 50.6), (59, 55), (55, 57)])
    c.fill(spout, across(p.light, p.dark))
    body = lathe(c, 42, [(50, 10), (54, 14.4), (63, 17), (72, 15), (78, 10)], p)
    with c.inside(body):
        c.line(arc(42, 63, 18, 3.2, 0, 180), 0.5, BRASS, alpha=0.8)
    shine(c, 29.5, 57, 70)
    lathe(c, 42, [(45.5, 3), (47.5, 8), (50.4, 10.4)], p)
    lathe(c, 42, [(42, 1.8), (43.6, 2.2), (45.6, 1.5)], Palette(WOOD), tilt=0.3)
    c.fill(curve([(26, 58), (17, 52), (15, 56), (25, 64)]), across(light(WOOD, 0.2), dark(WOOD, 0.2)))


def planter(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 80, 20)
    lathe(c, 50, [(75.4, 19.4), (79, 18), (80.4, 16.6)], p, tilt=0.14)
    leaves = ((26, 26, -34), (36, 15, -14), (50, 11, 2), (63, 16, 16), (74, 27, 36), (43, 24, -8), (58, 25, 10))
    for i, (x, y, lean) in enumerate(leaves):
        tone = mix(LEAF, rgb("#8fb27a"), (i % 3) * 0.3)
        middle = ((x + 50) / 2, (y + 50) / 2)
        leaf = curve([(50, 52), (middle[0] - 5.4, middle[1]), (x, y), (middle[0] + 5.4, middle[1] + 1)])
        c.fill(leaf, fall(light(tone, 0.14), dark(tone, 0.22)))
        c.line([(50, 52), (x + lean * 0.02, y + 2)], 0.3, light(tone, 0.45), alpha=0.7)
    c.fill(ellipse(50, 49, 16, 2.8), dark(WALNUT, 0.4))
    lathe(c, 50, [(54, 17), (66, 15), (77.6, 12.4)], p, tilt=0.14)
    lathe(c, 50, [(48, 19.4), (49, 19.6), (54, 19)], p, tilt=0.14, smooth=False)
    c.fill(ellipse(50, 48, 19.4, 2.7), across(p.glow, p.light))
    c.fill(ellipse(50, 48.2, 17.6, 2.3), dark(WALNUT, 0.45))
    for i, (x, y, _lean) in enumerate(leaves):
        c.line(
            curve([(47 + i, 48.4), ((x + 50) / 2, (y + 54) / 2), (x, y + 6)], closed=False),
            0.5,
            dark(LEAF, 0.1),
            alpha=0.5,
        )
    c.soft(arc(50, 54.6, 18, 2.6, 0, 180), alpha=0.35, blur=0.5)
    gleam(c, ellipse(39, 64, 1.6, 7), alpha=0.25, blur=1.2)
