"""Shoes, seen from the side, as a pair."""

from __future__ import annotations

from collections.abc import Callable

from demo.pictures.canvas import Canvas, Point, Points, View
from demo.pictures.colour import RGB, SHADE, STEEL, WALNUT, WHITE, Palette, dark, light, mix, rgb
from demo.pictures.shapes import (
    across,
    arc,
    curve,
    drop,
    ellipse,
    fall,
    gleam,
    ground,
    moved,
    rect,
    scatter,
    spots,
    turned,
)

RUBBER = rgb("#f4f0e7")


def pair(c: Canvas, p: Palette, one: Callable[[Canvas, Palette], None]) -> None:
    """The second shoe stands behind the first."""
    view = c.view
    c.view = View(view.x - 5, view.y + 9, view.zoom)
    ground(c, 50, 73, 36, 0.7)
    one(c, Palette(dark(p.base, 0.10)))
    c.view = View(view.x + 2, view.y - 1, view.zoom)
    ground(c, 50, 73.4, 37, 1.1)
    one(c, p)
    c.view = view


def open_top(points: Points) -> list[Point]:
    """A smooth upper over a straight sole line."""
    return curve(points, closed=False)


def laces(c: Canvas, start: Point, end: Point, count: int, colour: RGB) -> None:
    """Bars from the throat down to their eyelets."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = (dx * dx + dy * dy) ** 0.5
    down = (-dy / length * 6.2, dx / length * 6.2)
    for i in range(count):
        x, y = start[0] + dx * i / (count - 1), start[1] + dy * i / (count - 1)
        c.line([(x + 0.3, y + 0.7), (x + down[0] + 0.3, y + down[1] + 0.7)], 1.5, SHADE, alpha=0.28)
        c.line([(x, y), (x + down[0], y + down[1])], 1.5, colour)
        c.fill(ellipse(x + down[0], y + down[1], 0.8), STEEL)


def sneaker(c: Canvas, p: Palette, slug: str) -> None:
    pair(c, p, one_sneaker)


def one_sneaker(c: Canvas, p: Palette) -> None:
    c.fill(curve([(18, 37.5), (26, 37), (36, 38.6), (43, 40), (38, 46), (26, 44)]), p.deep)
    c.fill(curve([(39.6, 44), (40.6, 34), (43.6, 29.6), (47.6, 30.4), (51, 36), (48, 44)]), across(p.glow, p.light))
    upper = open_top(
        [
            (14.6, 68),
            (13.4, 58),
            (14.4, 47),
            (16.2, 39),
            (18.6, 36.8),
            (22.6, 39),
            (29, 44),
            (35, 45),
            (41, 41),
            (46, 36.2),
            (51, 38),
            (59, 45),
            (67, 50.6),
            (76, 53),
            (83.6, 56.4),
            (88.2, 61.4),
            (89.4, 68),
        ]
    )
    c.fill(upper, fall(p.light, mix(p.base, p.dark, 0.7)))
    with c.inside(upper):
        for i in range(42):
            c.line([(12 + i * 1.9, 34), (12 + i * 1.9, 70)], 0.11, p.deep, alpha=0.16)
        c.fill(open_top([(10, 70), (10, 36), (19, 36), (21.6, 48), (23.4, 70)]), p.deep, alpha=0.16)
        c.fill(open_top([(40, 43), (46.4, 35), (68, 49), (72, 54), (62, 58.6), (52, 52), (45, 50)]), p.glow, alpha=0.45)
        c.line(open_top([(40, 43), (45, 50), (52, 52.4), (62, 58.8), (72, 54)]), 0.28, p.deep, alpha=0.55)
        c.line(open_top([(45, 50), (43, 58), (43.4, 70)]), 0.28, p.deep, alpha=0.5)
        c.soft([(24, 50), (40, 54), (40, 62), (24, 62)], colour=WHITE, alpha=0.25, blur=2.4)
    c.fill(
        open_top([(73.4, 68), (73, 61.6), (76.6, 57.8), (83, 57), (88.6, 61.4), (90, 68)]),
        across(RUBBER, dark(RUBBER, 0.12)),
    )
    laces(c, (47.4, 37.4), (66.4, 51.2), 5, rgb("#fbf9f4"))
    sole = rect(11.8, 64.6, 91.6, 74, 4)
    c.fill(sole, fall(RUBBER, dark(RUBBER, 0.16)))
    c.line([(13, 67), (91, 67)], 0.9, p.dark if p.base != rgb("#f2efe9") else rgb("#c85a44"))
    c.line([(12.4, 70.8), (91, 70.8)], 0.22, dark(RUBBER, 0.3), alpha=0.7)
    c.fill(rect(13.8, 52, 18.6, 62, 0.8), light(p.base, 0.55))


def loafer(c: Canvas, p: Palette, slug: str) -> None:
    pair(c, p, one_loafer)


def one_loafer(c: Canvas, p: Palette) -> None:
    lining = curve([(17, 45), (22, 42), (34, 42.6), (48, 45), (54, 48), (46, 53), (30, 52)])
    c.fill(lining, fall(rgb("#c9a678"), rgb("#7d5a3c")))
    upper = open_top(
        [
            (14.8, 69),
            (13.4, 60),
            (14.2, 50),
            (16.4, 44.8),
            (19.6, 44),
            (25, 47.4),
            (34, 51),
            (43, 51.4),
            (49, 48),
            (54, 44.6),
            (59, 45.4),
            (64, 49),
            (73, 53),
            (81.6, 56.6),
            (87.6, 61.4),
            (89.6, 69),
        ]
    )
    c.fill(upper, fall(light(p.base, 0.18), p.dark))
    with c.inside(upper):
        c.line(open_top([(62, 49.6), (70, 55.6), (80, 59), (90, 63)]), 0.5, p.deep, alpha=0.75)
        for i in range(13):
            x, y = 64 + i * 1.95, 51.6 + i * 0.86
            c.line([(x, y - 0.6), (x + 0.1, y + 1.9)], 0.38, p.deep, alpha=0.6)
        c.soft([(70, 54), (80, 58), (84, 61), (74, 58)], colour=WHITE, alpha=0.55, blur=1.0)
        c.soft([(18, 54), (34, 57), (40, 62), (18, 62)], colour=WHITE, alpha=0.22, blur=2.2)
        c.fill(open_top([(10, 70), (10, 44), (19, 44), (22.4, 54), (23.4, 70)]), p.deep, alpha=0.22)
        strap = [(49, 47.6), (55, 44), (60.4, 47), (60, 57), (56, 70), (44, 70), (48, 58)]
        c.soft(moved(strap, 0.7, 0.4), alpha=0.45, blur=0.7)
        c.fill(strap, across(p.light, mix(p.base, p.dark, 0.6)))
        c.fill(curve([(51.4, 55), (57, 54), (56, 57.4), (54, 58.6), (51, 58)]), p.deep)
        c.line(open_top([(59.4, 48), (58.8, 57), (55, 69)]), 0.22, p.glow, alpha=0.7)
        c.line(open_top([(50, 49), (49, 58), (45.4, 69)]), 0.22, p.glow, alpha=0.5)
    c.line(open_top([(16.4, 45), (19.6, 44.2), (25, 47.6), (34, 51.2), (43, 51.6), (48.6, 48.6)]), 0.9, p.deep)
    sole = [(13, 68), (90.4, 68), (91.8, 70.4), (88, 72.6), (58, 72.6), (44, 71.8), (37, 71.8), (36, 75), (13.6, 75)]
    c.fill(sole, fall(rgb("#6a4c36"), rgb("#35271d")))
    c.line([(13, 68.2), (91, 68.2)], 0.5, rgb("#a57b54"))


def runner(c: Canvas, p: Palette, slug: str) -> None:
    pair(c, p, one_runner)


RUNNER_UPPER = (
    "13.4,66 11.6,57 12.8,47 15,40 17.6,38 22,40.4 29,45 35,45.6 41,41 46,35.8 51,37.6 "
    "59,45 67,51 76,54 84.6,57.4 90.4,61 92,66"
)
RUNNER_SOLE = "10.6,62 16,61 30,64.4 50,65.4 72,63.6 90,61.6 95.4,63.4 95,67 88,71 60,71.6 30,72 12,71.4 8.6,66.4"


def one_runner(c: Canvas, p: Palette) -> None:
    c.line(curve(spots("15,42 11.4,36 15,33.6 19,38"), closed=False), 1.1, p.deep)
    c.fill(curve(spots("17,39 26,36 36,38 44,40 38,47 26,45")), p.deep)
    c.fill(curve(spots("39,45 40,34 43,29 47.4,29.8 51,36 48,45")), across(rgb("#4b5055"), rgb("#33373b")))
    upper = open_top(spots(RUNNER_UPPER))
    c.fill(upper, fall(p.light, mix(p.base, p.dark, 0.8)))
    with c.inside(upper):
        for x, y in scatter(150, (38, 40, 92, 66)):
            c.fill(ellipse(x, y, 0.34), p.deep, alpha=0.32)
        c.fill(open_top(spots("38,44 46.4,34 70,51 73,55 62,58 53,52 45,50")), dark(p.base, 0.5))
        for k, tone in ((0.0, light(p.base, 0.7)), (7.5, dark(p.base, 0.45)), (14, light(p.base, 0.7))):
            far = k * 1.1
            stripe = [(29 + k, 68), (33 + k, 58), (41 + far, 48), (45 + far, 50), (39 + far, 59), (35 + k, 68)]
            c.fill(open_top(stripe), tone, alpha=0.9)
        c.fill(open_top(spots("9,68 9,40 17,38 21,48 20,58 26,68")), dark(p.base, 0.42), alpha=0.85)
    laces(c, (47.4, 37), (66.8, 51.4), 5, rgb("#f6f2e8"))
    c.fill(open_top(spots("76,66 77,60 82,57.6 88,59 94,64 95,66")), rgb("#3b3f43"))
    runner_sole(c, p)


def runner_sole(c: Canvas, p: Palette) -> None:
    midsole = curve(spots(RUNNER_SOLE))
    c.fill(midsole, fall(rgb("#fbf8f1"), rgb("#d5cec0")))
    with c.inside(midsole):
        c.line(curve(spots("8,67 28,69 52,69.2 74,67.6 96,64.6"), closed=False), 1.0, p.base)
    for i in range(19):
        x = 12 + i * 4.1
        y = 71 - max(0, i - 15) * 0.7
        c.fill([(x, y - 0.8), (x + 3.5, y - 0.8), (x + 2.8, y + 2.6), (x + 0.7, y + 2.6)], rgb("#34373b"))


# Half outlines of a slipper, from the toe to the heel: how far from the middle, at which height.
SLIPPER_SOLE = ((0, 12), (13, 18), (14.4, 34), (11, 52), (12.8, 70), (9.4, 83), (0, 87))
SLIPPER_FLEECE = ((0, 14.4), (11, 20), (12, 34), (9, 52), (10.8, 69), (7.8, 80.6), (0, 84.4))
SLIPPER_VAMP = ((0, 11), (13.6, 17), (15, 33), (13, 45), (0, 41))


def slipper(c: Canvas, p: Palette, slug: str) -> None:
    for x, turn, word in ((33, -7, "STEADY"), (67, 7, "STEPS")):
        one_slipper(c, p, x, turn)
        c.write(word, x, 68, 2.4, dark(WALNUT, 0.1), angle=-turn)


def one_slipper(c: Canvas, p: Palette, x: float, turn: float) -> None:
    def whole(half: Points) -> list[Point]:
        right = [(x + away, y) for away, y in half]
        left = [(x - away, y) for away, y in reversed(half) if away]
        return turned(curve([*right, *left]), turn, (x, 50))

    sole, fleece, vamp = whole(SLIPPER_SOLE), whole(SLIPPER_FLEECE), whole(SLIPPER_VAMP)
    drop(c, sole, 2.0, 1.1)
    c.fill(sole, fall(p.dark, p.deep))
    c.fill(fleece, fall(rgb("#f5efe3"), rgb("#ddd2be")))
    with c.inside(fleece):
        for spot in scatter(30, (x - 10, 48, x + 10, 84)):
            c.line(arc(*spot, 1.2, 1.0, 190, 350), 0.25, rgb("#c6b99f"), alpha=0.8)
        c.soft(turned(ellipse(x, 48, 12, 4), turn, (x, 50)), alpha=0.4, blur=1.2)
    c.fill(vamp, across(p.light, p.dark))
    with c.inside(vamp):
        for i in range(-5, 9):
            c.line([(x - 20, 10 + i * 6), (x + 20, 30 + i * 6)], 0.3, p.deep, alpha=0.45)
            c.line([(x + 20, 10 + i * 6), (x - 20, 30 + i * 6)], 0.3, p.deep, alpha=0.45)
        gleam(c, ellipse(x - 5, 22, 4, 7, turn=turn + 20), alpha=0.25, blur=2)
    edge = curve([(x + 13, 45), (x, 41), (x - 13, 45)], closed=False)
    c.line(turned(edge, turn, (x, 50)), 1.6, light(p.base, 0.6))
