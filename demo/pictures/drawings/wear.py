"""Clothes."""

from __future__ import annotations

from demo.pictures.canvas import Canvas, Point, Points
from demo.pictures.colour import WHITE, Palette, dark, mix, rgb
from demo.pictures.shapes import across, arc, curve, drop, ellipse, fall, ground, mirrored, moved, rect


def both_sides(c: Canvas, points: Points, left: object, right: object) -> None:
    c.fill(points, left)  # type: ignore[arg-type]
    c.fill(mirrored(points), right)  # type: ignore[arg-type]


def top_garment(c: Canvas, p: Palette, *, long: bool) -> list[Point]:
    """Body and sleeves laid flat; returns the body's outline."""
    sleeve = (
        [(33, 19), (24, 24), (15, 56), (12, 74), (20.6, 76), (26, 60), (33, 40)]
        if long
        else [(33, 19), (22, 24), (10, 42), (20, 50), (33, 38)]
    )
    body = [
        (40, 16),
        (33, 19),
        (31.6, 40),
        (31, 84),
        (69, 84),
        (68.4, 40),
        (67, 19),
        (60, 16),
        (55, 19.4),
        (50, 20.2),
        (45, 19.4),
    ]
    for part in (sleeve, mirrored(sleeve), body):
        drop(c, part, 1.5)
    both_sides(c, sleeve, across(p.base, p.dark), across(p.light, p.dark))
    c.fill(body, across(p.light, mix(p.base, p.dark, 0.5)))
    for side in (False, True):
        seam = curve([(33, 19), (34.6, 29), (32.4, 40)], closed=False)
        c.line(mirrored(seam) if side else seam, 0.3, p.deep, alpha=0.5)
    with c.inside(body):
        for fold in (
            [(34, 44), (40, 56), (36, 84), (33, 84)],
            [(66, 40), (60, 58), (65, 84), (68, 84)],
            [(48, 60), (52, 84), (46, 84)],
        ):
            c.soft(fold, colour=p.deep, alpha=0.22, blur=1.4)
        c.soft([(38, 30), (44, 34), (42, 76), (39, 76)], colour=WHITE, alpha=0.25, blur=1.8)
    return body


def shirt(c: Canvas, p: Palette, slug: str) -> None:
    body = top_garment(c, p, long=True)
    with c.inside(body):
        for i in range(26):
            c.line([(30 + i * 1.6, 15), (30 + i * 1.6, 85)], 0.12, p.deep, alpha=0.16)
        c.fill(rect(48.2, 18, 51.8, 85), p.light, alpha=0.55)
        c.line([(48.2, 18), (48.2, 85)], 0.22, p.deep, alpha=0.6)
        c.line([(51.8, 18), (51.8, 85)], 0.22, p.deep, alpha=0.35)
        c.line([(31, 82.4), (69, 82.4)], 0.22, p.deep, alpha=0.45)
    for y in (27, 37, 47, 57, 67, 77):
        c.fill(ellipse(50, y, 0.95), rgb("#efe6d6"))
        c.line(ellipse(50, y, 0.95), 0.16, p.deep, alpha=0.8)
    c.fill(rect(55.4, 32, 63.6, 42.4, 1), p.light, alpha=0.7)
    c.line([*rect(55.4, 32, 63.6, 42.4, 1), (55.4, 33)], 0.22, p.deep, alpha=0.5)
    c.fill(ellipse(50, 17.6, 8.4, 2.9), p.deep)
    collar = [(40.6, 14.4), (44, 12.2), (50, 20.6), (48.6, 23.4), (43, 20)]
    both_sides(c, collar, across(p.glow, p.base), across(p.base, p.light))
    for side in (False, True):
        cuff = [(11.6, 70.4), (11.2, 75.4), (20.6, 77.6), (21.6, 72.8)]
        c.fill(mirrored(cuff) if side else cuff, p.light)
        c.line(mirrored(cuff[:1] + cuff[3:]) if side else cuff[:1] + cuff[3:], 0.25, p.deep, alpha=0.6)


def tshirt(c: Canvas, p: Palette, slug: str) -> None:
    body = top_garment(c, p, long=False)
    c.fill(curve([(40, 16), (45, 14.6), (55, 14.6), (60, 16), (55, 21.6), (50, 23), (45, 21.6)]), p.light)
    c.fill(curve([(42.4, 15.8), (46, 14.8), (54, 14.8), (57.6, 15.8), (54, 19.6), (50, 20.6), (46, 19.6)]), p.deep)
    c.fill(rect(48, 15.6, 52, 17.8, 0.3), rgb("#f3ecdf"))
    with c.inside(body):
        for y in (80.4, 81.8):
            c.line([(30, y), (70, y)], 0.2, p.deep, alpha=0.5)
    for side in (False, True):
        hem = [(11.4, 40.2), (20.8, 48)]
        c.line(mirrored(hem) if side else hem, 0.22, p.deep, alpha=0.5)


def scarf(c: Canvas, p: Palette, slug: str) -> None:
    tail = [(54, 50), (66, 48), (72, 82), (59, 84)]
    other = [(36, 52), (48, 50), (42, 86), (28, 84)]
    for part in (tail, other):
        drop(c, part, 1.6)
        c.fill(part, across(p.light, p.dark))
        with c.inside(part):
            for k in range(3):
                c.fill([(20, 70 + k * 5), (80, 69 + k * 5), (80, 71.4 + k * 5), (20, 72.4 + k * 5)], p.glow, alpha=0.6)
    for i in range(10):
        c.line([(59.4 + i * 1.4, 83.6 - i * 0.2), (59.8 + i * 1.45, 90)], 0.55, p.dark if i % 2 else p.light)
        c.line([(28.6 + i * 1.45, 84.2 + i * 0.2), (28 + i * 1.45, 91)], 0.55, p.dark if i % 2 else p.light)
    ring = curve([(50, 14), (68, 18), (77, 32), (72, 47), (60, 56), (44, 57), (30, 50), (24, 36), (31, 20)])
    drop(c, ring, 1.8)
    c.fill(ring, fall(p.light, p.dark))
    with c.inside(ring):
        for i in range(7):
            c.line(
                curve([(22, 30 + i * 4), (36, 42 + i * 3.4), (56, 44 + i * 3.0), (78, 27 + i * 4.4)], closed=False),
                0.5,
                p.deep,
                alpha=0.35,
            )
            c.line(
                curve([(22, 28 + i * 4), (36, 40 + i * 3.4), (56, 42 + i * 3.0), (78, 25 + i * 4.4)], closed=False),
                0.6,
                p.glow,
                alpha=0.3,
            )
    hole = curve([(50, 21), (62, 24), (66, 32), (58, 39), (46, 40), (35, 34), (37, 25)])
    c.fill(hole, fall(p.deep, dark(p.base, 0.62)))
    back = curve([(36, 27), (50, 23), (65, 28), (63, 33), (50, 29), (38, 33)])
    c.fill(back, p.dark)
    knot = curve([(38, 44), (52, 41), (62, 45), (62, 55), (50, 59), (38, 56)])
    drop(c, knot, 0.8)
    c.fill(knot, fall(p.glow, p.base))
    for k in range(4):
        c.line(
            curve([(40, 46 + k * 2.6), (50, 43.6 + k * 3.4), (61, 47 + k * 2.2)], closed=False), 0.4, p.deep, alpha=0.35
        )


def beanie(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 78, 25)
    dome = curve([(24, 64), (25, 46), (33, 31), (44, 25), (50, 24), (56, 25), (67, 31), (75, 46), (76, 64), (50, 68)])
    c.fill(dome, across(p.light, p.dark))
    with c.inside(dome):
        for i in range(17):
            x = 24 + i * 3.25
            rib = curve([(x, 70), (x + (50 - x) * 0.12, 46), (50 + (x - 50) * 0.16, 24)], closed=False)
            c.line(rib, 0.9, p.deep, alpha=0.32)
            c.line(moved(rib, -0.9, 0), 0.6, p.glow, alpha=0.3)
    cuff = curve(
        [
            (22, 58),
            (36, 61),
            (50, 62),
            (64, 61),
            (78, 58),
            (79.4, 67),
            (78, 76),
            (64, 79),
            (50, 79.6),
            (36, 79),
            (22, 76),
            (20.6, 67),
        ]
    )
    c.soft(moved(cuff, 0, -1.4), alpha=0.35, blur=0.9)
    c.fill(cuff, across(p.glow, p.dark))
    with c.inside(cuff):
        for i in range(24):
            x = 21 + i * 2.5
            c.line(curve([(x, 56), (x + (x - 50) * 0.02, 68), (x, 82)], closed=False), 0.9, p.deep, alpha=0.38)
    c.fill(rect(57, 66, 66, 72.4, 0.5), rgb("#efe6d4"))
    c.write("XUYU", 61.5, 69, 2.2, rgb("#6b5d4a"))
    for i in range(40):
        ball = arc(50, 20, 8 - (i % 4) * 1.7, 7.4 - (i % 4) * 1.6, i * 27, i * 27 + 1)[0]
        c.fill(ellipse(*ball, 2.2, 1.5, turn=i * 27), mix(p.light, p.dark, (i * 3 % 7) / 7))
