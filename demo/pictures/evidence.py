"""Photographs that buyers put into a case: what arrived, broken, leaking, crushed, bad or wrong."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Literal

from demo.catalogue.loading import colours, product
from demo.pictures.canvas import Canvas, View
from demo.pictures.colour import CARDBOARD, CREAM, INK, WHITE, Palette, dark, light, palette, rgb
from demo.pictures.drawings import DRAWINGS
from demo.pictures.drawings.fruit import apple
from demo.pictures.parcels import bench, label, vignette
from demo.pictures.products import SIZE, webp
from demo.pictures.scenes import board, cover
from demo.pictures.shapes import across, arc, curve, drop, ellipse, fall, gleam, ground, lathe, moved, rect, scatter

EvidenceKind = Literal["broken", "crushed", "leaking", "rotten", "wrong_item", "empty", "serial"]


def shard(c: Canvas, x: float, y: float, size: float, turn: int, p: Palette) -> None:
    """One piece of a vessel: glaze, edge, shadow."""
    corners = [
        (x + size * away * px, y + size * away * py * 0.7)
        for (px, py), away in zip(arc(0, 0, 1, 1, turn, turn + 360)[::13], (1, 0.6, 0.95, 0.7, 1.1), strict=False)
    ]
    c.soft(moved(corners, 0.8, 1.2), alpha=0.45, blur=0.8)
    c.fill(moved(corners, 0, 0.8), light(p.base, 0.7))
    c.fill(corners, fall(p.light, p.dark))


def broken(size: int, number: str) -> Canvas:
    c = bench(size)
    p = palette("#9dbfae")
    ground(c, 46, 78, 18)
    body = lathe(c, 46, [(46, 17), (58, 17.6), (72, 15), (78, 12)], p, tilt=0.18)
    bite = [(26, 40), (66, 40), (64, 52), (58, 47), (54, 58), (49, 50), (44, 61), (39, 52), (34, 56), (28, 46)]
    c.fill(bite, fall(rgb("#dcdad3"), rgb("#d9d6cc")))
    c.fill(
        [
            (30.5, 48),
            (34, 56),
            (39, 52),
            (44, 61),
            (49, 50),
            (54, 58),
            (58, 47),
            (62, 50.4),
            (60, 54),
            (54, 61),
            (49, 53),
            (44, 64),
            (39, 55),
            (34, 59),
        ],
        light(p.base, 0.6),
    )
    with c.inside(body):
        c.line([(44, 62), (46, 68), (43, 72), (45, 80)], 0.3, dark(p.base, 0.6))
        c.line([(46, 68), (52, 71), (55, 78)], 0.22, dark(p.base, 0.6))
    for x, y, big, turn in (
        (20, 80, 8, 10),
        (30, 87, 5, 60),
        (66, 82, 9, 100),
        (78, 76, 6, 170),
        (74, 88, 4, 220),
        (52, 88, 5, 300),
        (86, 84, 3, 20),
    ):
        shard(c, x, y, big, turn, p)
    c.line(curve([(70, 72), (80, 66), (88, 69), (87, 76)], closed=False), 3.2, p.dark)
    c.line(curve([(70, 71.4), (80, 65.4), (87.4, 68.4), (86.6, 75)], closed=False), 1.6, p.light)
    return c


def crushed(size: int, number: str) -> Canvas:
    c = bench(size)
    ground(c, 50, 84, 34)
    side = [(70, 46), (84, 36), (86, 68), (70, 84)]
    front = [(14, 44), (30, 50), (38, 46), (52, 55), (70, 46), (70, 84), (46, 83), (16, 84)]
    top = [(14, 44), (26, 33), (46, 40), (60, 34), (84, 36), (70, 46), (52, 55), (38, 46), (30, 50)]
    c.fill(side, fall(dark(CARDBOARD, 0.2), dark(CARDBOARD, 0.38)))
    c.fill(top, across(light(CARDBOARD, 0.3), light(CARDBOARD, 0.1)))
    c.fill(front, fall(light(CARDBOARD, 0.1), dark(CARDBOARD, 0.08)))
    with c.inside(front):
        for crease in (
            [(30, 50), (34, 62), (28, 72)],
            [(52, 55), (50, 66), (58, 76), (54, 84)],
            [(14, 60), (26, 66)],
            [(62, 50), (64, 60)],
        ):
            c.soft([*crease, *[(x + 2, y + 1) for x, y in reversed(crease)]], alpha=0.5, blur=0.8)
            c.line(crease, 0.3, dark(CARDBOARD, 0.5))
    tear = [(44, 66), (50, 62), (57, 68), (54, 76), (47, 74)]
    c.fill(tear, dark(CARDBOARD, 0.65))
    c.line([*tear, tear[0]], 0.6, light(CARDBOARD, 0.45))
    c.view = View(58, 42, 0.82)
    label(c, 20, 64, number)
    c.view = View()
    return c


def leaking(size: int, number: str) -> Canvas:
    c = bench(size)
    puddle = curve([(18, 82), (30, 76), (48, 79), (70, 76), (86, 82), (78, 90), (56, 88), (38, 93), (22, 89)])
    c.soft(moved(puddle, 0.6, 1), alpha=0.35, blur=1)
    c.fill(puddle, fall(rgb("#e2a63a"), rgb("#c9862a")))
    gleam(c, ellipse(36, 82, 8, 1.4), alpha=0.7, blur=0.6)
    DRAWINGS["honey"].paint(c, palette("#d9922e"), "acacia-honey")
    for crack in (
        [(34, 46), (39, 52), (36, 58), (42, 64), (40, 72), (44, 78)],
        [(36, 58), (31, 62)],
        [(42, 64), (49, 68)],
    ):
        c.line(crack, 0.35, rgb("#fdf3dc"))
    for x, y0, y1 in ((41, 66, 80), (36, 58, 74), (46, 70, 80)):
        c.line([(x, y0), (x + 0.4, y1)], 1.5, rgb("#d08e28"))
        c.fill(ellipse(x + 0.4, y1, 1.2, 1.6), rgb("#d9a040"))
    return c


def rotten(size: int, number: str) -> Canvas:
    c = bench(size)
    tray = rect(10, 40, 90, 92, 4)
    drop(c, tray, 1.6)
    c.fill(tray, dark(CARDBOARD, 0.1))
    for row in range(3):
        for column in range(4):
            x, y = 21 + column * 19.4, 50 + row * 16
            c.fill(ellipse(x, y + 1, 9, 7.6), dark(CARDBOARD, 0.4))
            apple(c, x, y, 7.4, row * 4 + column)
            if (row, column) in ((0, 2), (1, 1), (2, 3)):
                c.soft(ellipse(x + 2, y + 1.4, 4.4, 3.8), colour=rgb("#4b2f1e"), alpha=0.95, blur=0.9)
                for dx, dy in scatter(9, (-3, -2, 5, 4)):
                    c.fill(ellipse(x + 1 + dx * 0.8, y + 1 + dy * 0.8, 0.6), rgb("#d9d4c4"), alpha=0.85)
    ring = ellipse(60, 50, 10.6, 9.4)
    c.line([*ring, ring[0]], 0.7, rgb("#d23c2f"))
    return c


def wrong_item(size: int, number: str) -> Canvas:
    c = Canvas(size)
    cover(c, board(c.size, rgb("#b99a72")))
    c.view = View(52, 48, 0.72)
    DRAWINGS["tshirt"].paint(c, palette("#2f5d50"), "heavy-cotton-tee")
    c.view = View()
    slip = rect(62, 68, 94, 90, 0.4)
    drop(c, slip, 0.9)
    c.fill(slip, rgb("#fbfaf6"))
    c.write("ORDER", 71, 72.4, 2.2, INK)
    c.write(number[:18], 78, 77, 2.4, INK)
    c.write("SNOW / L  x 1", 78, 82, 2.6, INK)
    c.line([(66, 84.6), (90, 84.6)], 0.5, rgb("#d23c2f"))
    return c


def empty(size: int, number: str) -> Canvas:
    c = bench(size)
    ground(c, 50, 84, 34)
    c.fill([(16, 50), (28, 36), (84, 36), (82, 50)], dark(CARDBOARD, 0.5))
    c.fill(
        [(28, 36), (84, 36), (82, 50), (60, 62), (30, 62), (16, 50)], fall(dark(CARDBOARD, 0.3), dark(CARDBOARD, 0.55))
    )
    for flap in ([(28, 36), (84, 36), (90, 22), (26, 20)], [(16, 50), (28, 36), (14, 28), (2, 42)]):
        c.fill(flap, across(light(CARDBOARD, 0.2), dark(CARDBOARD, 0.1)))
    c.fill([(16, 50), (82, 50), (82, 84), (16, 84)], fall(light(CARDBOARD, 0.14), dark(CARDBOARD, 0.06)))
    c.fill([(82, 50), (84, 36), (92, 72), (82, 84)], fall(dark(CARDBOARD, 0.22), dark(CARDBOARD, 0.34)))
    c.fill([(16, 50), (82, 50), (87, 58), (11, 58)], fall(light(CARDBOARD, 0.36), light(CARDBOARD, 0.2)))
    label(c, 30, 62, number)
    return c


def serial(size: int, number: str) -> Canvas:
    """The back of a device with its serial number, which is not the one on the box."""
    c = Canvas(size)
    cover(c, board(c.size, rgb("#a98a66")))
    plate = rect(18, 26, 82, 74, 6)
    drop(c, plate, 2.2, 1.2)
    c.fill(plate, across(rgb("#4a4f56"), rgb("#33373c")))
    sticker = rect(27, 35, 73, 65, 1)
    c.fill(sticker, CREAM)
    code = f"SN {zlib.crc32(number.encode()):010d}"
    for i, text in enumerate(("TIDE AUDIO  MODEL T1", "5 V  1 A", code)):
        c.write(text, 50, 40 + i * 7, 3.4 if i != 1 else 2.6, INK)
    c.line([(34, 57.4), (66, 57.4)], 0.7, rgb("#d23c2f"))
    c.soft(ellipse(36, 34, 20, 8), colour=WHITE, alpha=0.2, blur=5)
    return c


SCENES: dict[str, Callable[[int, str], Canvas]] = {
    "broken": broken,
    "crushed": crushed,
    "leaking": leaking,
    "rotten": rotten,
    "wrong_item": wrong_item,
    "empty": empty,
    "serial": serial,
}


def evidence_photo(kind: EvidenceKind, order_number: str = "", *, size: int = SIZE) -> bytes:
    """
    Draw what a buyer or merchant shows in a case; WebP.

    :raises KeyError: for a kind that is not in ``SCENES``
    """
    c = SCENES[kind](size, order_number)
    vignette(c)
    return webp(c.finished(), quality=74)


def received_photo(slug: str, colour: str | None = None, *, size: int = SIZE) -> bytes:
    """Draw a product whole and well on the buyer's own table; WebP."""
    item = product(slug)
    drawing = DRAWINGS[item.drawing]
    c = bench(size)
    c.view = View(50, 50, 0.86) if drawing.flat else View(50, 48, 0.86)
    drawing.paint(c, palette(colours()[colour or item.colours[0]].rgb), slug)
    c.view = View()
    vignette(c)
    return webp(c.finished(), quality=74)
