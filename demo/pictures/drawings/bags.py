"""Bags, a suitcase, a wallet and watches."""

from __future__ import annotations

import math

from demo.pictures.canvas import Canvas
from demo.pictures.colour import (
    BRASS,
    STEEL,
    WHITE,
    Palette,
    brightness,
    dark,
    light,
    mix,
    rgb,
)
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

TAN = Palette(rgb("#a9713f"))


def zip_line(c: Canvas, points: list[tuple[float, float]], p: Palette, pull: tuple[float, float]) -> None:
    c.line(points, 1.0, p.deep)
    c.line(points, 0.35, STEEL)
    c.line([pull, (pull[0], pull[1] + 3.4)], 0.9, TAN.base)
    c.fill(ellipse(pull[0], pull[1], 0.8), STEEL)


def backpack(c: Canvas, p: Palette, slug: str) -> None:
    soft = "folding" in slug
    ground(c, 50, 82, 23)
    for side in (False, True):
        strap = curve([(36, 26), (28, 36), (25, 52), (26, 70), (29, 76)], closed=False)
        c.line(mirrored(strap) if side else strap, 3.2, p.deep)
        c.fill(mirrored(rect(22, 56, 31, 78, 3.6)) if side else rect(22, 56, 31, 78, 3.6), p.dark)
    handle = arc(50, 18, 7, 6, 180, 360)
    c.line(handle, 2.4, p.deep)
    c.line(moved(handle, 0, -0.4), 0.7, p.light)
    body = curve(
        [
            (28, 76),
            (27, 50),
            (29, 30),
            (36, 19),
            (50, 16.4),
            (64, 19),
            (71, 30),
            (73, 50),
            (72, 76),
            (68, 81),
            (50, 82),
            (32, 81),
        ]
    )
    c.fill(body, round_paint(p, 0.9))
    with c.inside(body):
        c.soft(curve([(34, 24), (42, 20), (42, 46), (35, 46)]), colour=WHITE, alpha=0.25, blur=2.2)
        if soft:
            for x in (38, 50, 62):
                c.soft([(x, 20), (x + 3, 20), (x + 5, 50), (x + 2, 50)], colour=p.deep, alpha=0.2, blur=1.2)
            for i in range(22):
                c.line([(24, 16 + i * 3), (78, 16 + i * 3)], 0.1, p.glow, alpha=0.35)
                c.line([(26 + i * 2.3, 14), (26 + i * 2.3, 84)], 0.1, p.glow, alpha=0.35)
        c.soft(rect(24, 74, 76, 90), colour=p.deep, alpha=0.4, blur=3)
    zip_line(c, arc(50, 42, 19.6, 21, 196, 344), p, (66.6, 34))
    pocket = curve([(32.6, 77), (32, 62), (34, 53), (50, 51.4), (66, 53), (68, 62), (67.4, 77), (60, 79), (40, 79)])
    c.soft(moved(pocket, 0, 0.8), alpha=0.4, blur=1.0)
    c.fill(pocket, fall(p.light, p.dark))
    zip_line(c, curve([(35, 57.4), (50, 56), (65, 57.4)], closed=False), p, (39, 57.2))
    if not soft:
        for strap_x in (41.6, 58.4):
            c.fill(rect(strap_x - 1.6, 20, strap_x + 1.6, 56, 0.4), p.deep, alpha=0.5)
        patch = rect(43, 63, 57, 71, 1)
        c.fill(patch, across(TAN.light, TAN.dark))
        c.line([*rect(43.8, 63.8, 56.2, 70.2, 0.6), (43.8, 64.4)], 0.18, TAN.glow, alpha=0.8)
        c.write("FAR PLAN", 50, 67, 2.4, TAN.deep)
    else:
        c.write("FAR PLAN", 50, 67, 3, p.ink)
        mountain(c, 50, 62, 5, p)


def mountain(c: Canvas, x: float, y: float, size: float, p: Palette) -> None:
    c.line(
        [
            (x - size, y + size * 0.4),
            (x - size * 0.2, y - size * 0.5),
            (x + size * 0.2, y),
            (x + size * 0.5, y - size * 0.3),
            (x + size, y + size * 0.4),
        ],
        0.5,
        p.ink,
    )


def tote(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 82, 26)
    c.line(curve([(38, 44), (38.6, 22), (50, 14), (61.4, 22), (62, 44)], closed=False), 2.0, TAN.deep)
    body = [(22, 40), (78, 40), (74.6, 82), (25.4, 82)]
    c.fill(body, round_paint(p, 0.8))
    with c.inside(body):
        for fold in (
            [(34, 40), (40, 58), (36, 82), (33, 82)],
            [(62, 44), (57, 62), (64, 82), (66, 82)],
            [(46, 60), (52, 82), (45, 82)],
        ):
            c.soft(fold, colour=p.deep, alpha=0.28, blur=1.4)
        c.soft([(28, 44), (33, 44), (34, 76), (30, 76)], colour=WHITE, alpha=0.3, blur=1.6)
        for i in range(40):
            c.line([(20 + i * 1.5, 38), (22 + i * 1.42, 84)], 0.1, p.deep, alpha=0.2)
        c.fill(rect(20, 74, 80, 84), p.deep, alpha=0.55)
    c.fill([(22, 40), (78, 40), (77.7, 43.6), (22.3, 43.6)], p.dark)
    c.line([(22.4, 44.2), (77.6, 44.2)], 0.2, p.glow, alpha=0.7)
    front = curve([(36, 50), (35.6, 32), (42, 22), (50, 19.4), (58, 22), (64.4, 32), (64, 50)], closed=False)
    c.line(moved(front, 0.7, 0.6), 2.4, p.deep, alpha=0.25)
    c.line(front, 2.4, TAN.dark)
    c.line(moved(front, -0.3, -0.3), 0.8, TAN.light)
    for x in (36, 64):
        tab = rect(x - 2.2, 46, x + 2.2, 58, 1.2)
        c.fill(tab, across(TAN.light, TAN.dark))
        for y in (49, 55):
            c.fill(ellipse(x, y, 0.9), fall(light(BRASS, 0.5), dark(BRASS, 0.2)))
    c.fill(rect(45, 60, 55, 66, 0.6), across(TAN.light, TAN.dark))
    c.write("FAR PLAN", 50, 63, 1.8, TAN.deep)


def suitcase(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 86, 21)
    for x in (42.6, 57.4):
        c.fill(rect(x - 0.9, 6, x + 0.9, 24), across(light(STEEL, 0.5), dark(STEEL, 0.3)))
    c.fill(rect(40, 4.6, 60, 8.6, 2), fall(rgb("#53585e"), rgb("#2d3135")))
    for x in (34.5, 65.5):
        c.fill(rect(x - 2.4, 79, x + 2.4, 84, 1), rgb("#3a3e43"))
        c.fill(ellipse(x, 84, 2.8), rgb("#2a2d31"))
        c.fill(ellipse(x, 84, 1.1), STEEL)
    body = rect(27, 19, 73, 81, 6)
    c.fill(body, round_paint(p, 0.9))
    with c.inside(body):
        for i in range(7):
            x = 33.4 + i * 5.5
            c.fill(rect(x, 24, x + 2.6, 76, 1.3), across(p.dark, p.light), alpha=0.75)
        c.soft([(30, 22), (36, 22), (36, 78), (30, 78)], colour=WHITE, alpha=0.35, blur=1.8)
        c.soft(rect(25, 74, 75, 90), colour=p.deep, alpha=0.4, blur=3)
    for x0, y0 in ((27, 19), (67, 19), (27, 75), (67, 75)):
        with c.inside(body):
            c.fill(rect(x0 - 1, y0 - 1, x0 + 7, y0 + 7, 3), p.deep, alpha=0.6)
    c.fill(rect(43, 17.4, 57, 20.4, 1.4), p.deep)
    c.fill(rect(66.4, 44, 71.4, 54, 1), rgb("#3d4146"))
    for y in (46.4, 49, 51.6):
        c.fill(rect(67.6, y - 0.8, 70.2, y + 0.8, 0.3), rgb("#e7e2d6"))
    c.fill(rect(42, 64, 58, 68.6, 0.8), mix(p.base, STEEL, 0.6))
    c.write("FAR PLAN", 50, 66.3, 2.3, p.deep if brightness(p.base) > 0.4 else dark(STEEL, 0.6))
    tag = turned(rect(61, 26, 68, 36, 1), 12, (64, 22))
    c.line([(60, 20), (63, 27)], 0.5, TAN.dark)
    c.soft(moved(tag, 0.5, 0.7), alpha=0.35, blur=0.6)
    c.fill(tag, across(TAN.light, TAN.dark))


def wallet(c: Canvas, p: Palette, slug: str) -> None:
    for i, (code, lift) in enumerate((("#6f9fb8", 12.0), ("#d8a83c", 8.0), ("#e8e1d2", 4.0))):
        card = rect(25 + i, 30 - lift, 75 - i, 52, 2)
        drop(c, card, 0.8)
        c.fill(card, fall(light(rgb(code), 0.2), rgb(code)))
    c.fill(rect(29, 21, 35, 25, 0.8), light(BRASS, 0.4))
    back = rect(18, 29, 82, 76, 3)
    drop(c, back, 2.0, 1.2)
    c.fill(back, p.deep)
    front = rect(18, 31.4, 82, 76.4, 3)
    c.fill(front, fall(p.light, p.dark))
    with c.inside(front):
        c.soft(ellipse(38, 40, 22, 9), colour=WHITE, alpha=0.28, blur=5)
        for i in range(60):
            x, y = 18 + (i * 17.3) % 64, 32 + (i * 9.7) % 44
            c.line(arc(x, y, 1.4, 0.8, i * 30, i * 30 + 90), 0.14, p.deep, alpha=0.4)
    for i in range(29):
        x = 20.6 + i * 2.07
        c.line([(x, 74.4), (x + 1.2, 73.8)], 0.36, p.glow)
    for i in range(20):
        y = 34 + i * 2.0
        for x in (20, 80):
            c.line([(x, y), (x, y + 1.2)], 0.36, p.glow)
    c.line([(18, 31.8), (82, 31.8)], 0.6, p.glow, alpha=0.7)
    mountain(c, 50, 53, 5, Palette(p.deep))
    c.write("FAR PLAN", 50, 59, 2.6, p.deep)


def watch(c: Canvas, p: Palette, slug: str) -> None:
    field = "field" in slug
    strap_p = (
        Palette(rgb("#6b4a30")) if field else Palette(rgb("#3f444a") if brightness(p.base) > 0.6 else rgb("#a9713f"))
    )
    upper, lower = [(40, 30), (42, -6), (58, -6), (60, 30)], [(40, 70), (42.4, 106), (57.6, 106), (60, 70)]
    for strap in (upper, lower):
        drop(c, strap, 1.8)
        c.fill(strap, across(strap_p.light, strap_p.dark))
    for side in (False, True):
        for seam in ([(42, 28), (43.6, -6)], [(42, 72), (44, 106)]):
            c.line(mirrored(seam) if side else seam, 0.35, strap_p.glow, alpha=0.7)
    for y in (84, 90, 96):
        c.fill(ellipse(50, y, 1.0, 0.8), strap_p.deep)
    case = ellipse(50, 50, 25)
    for lug in ([(37, 33), (40, 24), (44, 24), (44, 32)], [(37, 67), (40, 76), (44, 76), (44, 68)]):
        for part in (lug, mirrored(lug)):
            c.fill(part, across(light(STEEL, 0.3), dark(STEEL, 0.3)))
    drop(c, case, 2.2, 1.2)
    c.fill(rect(74, 47.4, 78.4, 52.6, 0.9), across(light(STEEL, 0.4), dark(STEEL, 0.35)))
    c.fill(case, fall(light(STEEL, 0.6), dark(STEEL, 0.3)))
    c.fill(ellipse(50, 50, 23.4), fall(dark(STEEL, 0.25), light(STEEL, 0.5)))
    c.fill(ellipse(50, 50, 21.8), fall(light(p.base, 0.1), dark(p.base, 0.14)))
    ink = p.ink
    for i in range(60 if field else 12):
        every = 5 if field else 1
        angle = math.radians(i * (6 if field else 30))
        long = i % every == 0
        far, near = 20.4, (18.4 if field else 16.2) if long else 19.6
        dx, dy = math.sin(angle), -math.cos(angle)
        c.line(
            [(50 + dx * near, 50 + dy * near), (50 + dx * far, 50 + dy * far)],
            (0.7 if field else 0.4) if long else 0.2,
            ink,
        )
    if field:
        for i in range(1, 13):
            angle = math.radians(i * 30)
            c.write(str(i), 50 + math.sin(angle) * 15.2, 50 - math.cos(angle) * 15.2, 3.6, light(rgb("#e9f0c8"), 0.2))
        c.write("AUTOMATIC", 50, 58.4, 1.6, ink)
    c.write("FAR PLAN", 50, 42.6, 1.9, ink)
    for angle, length, width in ((-60, 10.5, 1.3), (54, 15.6, 0.95)):
        tip = (50 + math.sin(math.radians(angle)) * length, 50 - math.cos(math.radians(angle)) * length)
        c.line([(50.4, 50.7), (tip[0] + 0.4, tip[1] + 0.7)], width, rgb("#1c1c22"), alpha=0.3)
        c.line([(50, 50), tip], width, rgb("#f4f1e6") if brightness(p.base) < 0.5 else rgb("#3a3f45"))
    if field:
        c.line([(46.6, 55.6), (61, 32.4)], 0.32, rgb("#d9603c"))
    c.fill(ellipse(50, 50, 1.1), rgb("#d9603c") if field else BRASS)
    with c.inside(ellipse(50, 50, 22)):
        gleam(c, [(30, 30), (46, 26), (34, 60), (26, 56)], alpha=0.16, blur=1.4)
