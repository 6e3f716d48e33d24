"""Photographs of the packing and of the delivery, as a merchant and a courier would take them."""

from __future__ import annotations

import zlib
from typing import Literal

from demo.pictures.canvas import Canvas, View
from demo.pictures.colour import CARDBOARD, INK, RGB, STEEL, WHITE, WOOD, Palette, dark, light, rgb
from demo.pictures.products import SIZE, webp
from demo.pictures.scenes import planks, plant
from demo.pictures.shapes import across, curve, drop, ellipse, fall, ground, moved, rect, scatter, turned

PackShot = Literal["sealed", "open", "scale"]
DoorShot = Literal["door", "locker"]


def bench(size: int) -> Canvas:
    """The packing table before a plain wall."""
    c = Canvas(size)
    c.wash(fall(rgb("#cfd3d0"), rgb("#e4e2da")))
    c.soft(ellipse(30, 16, 40, 26), colour=WHITE, alpha=0.5, blur=12)
    planks(c, 58, rgb("#b98f60"), across=True)
    c.soft(rect(-5, 56.6, 105, 59), alpha=0.3, blur=1)
    return c


def vignette(c: Canvas) -> None:
    """Darker corners, as a telephone takes them."""
    for x, y in ((0, 0), (100, 0), (0, 100), (100, 100)):
        c.soft(ellipse(x, y, 20, 20), alpha=0.25, blur=9)


def bars(c: Canvas, number: str, x0: float, y0: float, x1: float, y1: float, angle: float = 0) -> None:
    """A bar code that is different for each number."""
    seed = zlib.crc32(number.encode())
    x, step = x0, 0
    while x < x1 - 0.6:
        width = 0.22 + ((seed >> (step % 27)) & 3) * 0.16
        c.fill(turned(rect(x, y0, min(x + width, x1), y1), angle, ((x0 + x1) / 2, y0)), INK)
        x += width + 0.3 + ((seed >> ((step * 5) % 29)) & 1) * 0.25
        step += 1


def label(c: Canvas, x: float, y: float, number: str) -> None:
    """A shipping label, 30 × 19 units, with the order number on it."""
    paper = rect(x, y, x + 30, y + 19, 0.5)
    c.soft(moved(paper, 0.4, 0.5), alpha=0.3, blur=0.5)
    c.fill(paper, rgb("#fbfaf6"))
    c.fill(rect(x + 1.4, y + 1.4, x + 8, y + 4.6, 0.4), rgb("#2f6a58"))
    c.write("TASHI", x + 4.7, y + 3, 1.9, rgb("#fbfaf6"))
    c.write("SANDBOX EXPRESS", x + 19, y + 3, 1.9, INK)
    c.line([(x + 1.4, y + 5.8), (x + 28.6, y + 5.8)], 0.16, INK)
    for i, length in enumerate((16, 22, 12)):
        c.line([(x + 2, y + 7.4 + i * 1.5), (x + 2 + length, y + 7.4 + i * 1.5)], 0.5, rgb("#9a9a94"))
    bars(c, number, x + 2, y + 11.8, x + 28, y + 15.4)
    c.write(number[:24], x + 15, y + 17.2, min(2.4, 46 / max(len(number), 12)), INK)


def box(c: Canvas, x0: float, y0: float, x1: float, y1: float, tone: RGB = CARDBOARD) -> None:
    """A closed carton with tape over the top."""
    ground(c, (x0 + x1) / 2 + 2, y1, (x1 - x0) / 2)
    depth = 14.0
    lid = [(x0, y0), (x0 + depth, y0 - 9), (x1 + depth, y0 - 9), (x1, y0)]
    c.fill(lid, across(light(tone, 0.32), light(tone, 0.16)))
    c.fill([(x1, y0), (x1 + depth, y0 - 9), (x1 + depth, y1 - 9), (x1, y1)], fall(dark(tone, 0.2), dark(tone, 0.36)))
    c.fill(rect(x0, y0, x1, y1), fall(light(tone, 0.12), dark(tone, 0.06)))
    middle = (x0 + x1) / 2
    tape = [(middle - 4, y0), (middle + depth - 4, y0 - 9), (middle + depth + 4, y0 - 9), (middle + 4, y0)]
    c.fill(tape, rgb("#e6d3ac"), alpha=0.85)
    c.fill(rect(middle - 4, y0, middle + 4, y0 + 7), rgb("#e0caa0"), alpha=0.85)
    c.line([(x0, y0), (x1, y0)], 0.25, dark(tone, 0.4), alpha=0.6)
    for i in range(9):
        y = y0 + (y1 - y0) * i / 9
        c.line([(x0, y), (x1, y)], 0.1, dark(tone, 0.3), alpha=0.35)


def pack_photo(order_number: str, shot: PackShot = "sealed", *, weight_g: int = 860, size: int = SIZE) -> bytes:
    """Draw the packed parcel of an order, its number on the label; WebP."""
    c = bench(size)
    if shot == "open":
        open_box(c, order_number)
    elif shot == "scale":
        scale(c, weight_g)
        c.view = View(50, 56, 0.86)
        box(c, 22, 34, 70, 66)
        label(c, 28, 42, order_number)
    else:
        roll_of_tape(c)
        box(c, 16, 34, 70, 82)
        label(c, 22, 52, order_number)
        c.write("FRAGILE", 62, 76, 3, rgb("#a8402f"))
    vignette(c)
    return webp(c.finished(), quality=74)


def roll_of_tape(c: Canvas) -> None:
    ground(c, 90, 72, 7)
    c.fill(ellipse(90, 66, 7, 6.4), across(rgb("#d8bd84"), rgb("#a8854e")))
    c.fill(ellipse(89, 66, 4.2, 4), dark(CARDBOARD, 0.45))
    c.fill(ellipse(89.4, 66, 3.4, 3.4), rgb("#cdb28c"))


def open_box(c: Canvas, number: str) -> None:
    ground(c, 50, 84, 34)
    back = [(16, 46), (28, 34), (84, 34), (82, 46)]
    c.fill(back, dark(CARDBOARD, 0.42))
    for flap in ([(28, 34), (84, 34), (88, 20), (26, 20)], [(16, 46), (28, 34), (16, 26), (3, 38)]):
        c.fill(flap, across(light(CARDBOARD, 0.2), dark(CARDBOARD, 0.1)))
    for i, (x, y) in enumerate(scatter(60, (20, 36, 82, 50))):
        bubble = ellipse(x, y, 4.2, 2.6, turn=i * 23)
        c.fill(bubble, light(rgb("#dfe6e2"), 0.1 * (i % 4)))
        c.line(bubble[8:20], 0.2, rgb("#b9c4bf"))
    item = turned(rect(36, 28, 62, 46, 5), -8, (49, 38))
    c.soft(moved(item, 1, 1.6), alpha=0.4, blur=1.2)
    c.fill(item, fall(rgb("#f0f2ef"), rgb("#cfd8d4")))
    for i in range(5):
        for k in range(4):
            dot = turned([(39 + i * 5, 31 + k * 4.2)], -8, (49, 38))[0]
            c.fill(ellipse(*dot, 1.5), WHITE, alpha=0.55)
    c.fill([(16, 46), (82, 46), (82, 84), (16, 84)], fall(light(CARDBOARD, 0.14), dark(CARDBOARD, 0.06)))
    c.fill([(82, 46), (84, 34), (92, 70), (82, 84)], fall(dark(CARDBOARD, 0.22), dark(CARDBOARD, 0.34)))
    c.fill([(16, 46), (82, 46), (86, 55), (12, 55)], fall(light(CARDBOARD, 0.36), light(CARDBOARD, 0.2)))
    label(c, 24, 60, number)


def scale(c: Canvas, weight_g: int) -> None:
    ground(c, 50, 80, 36)
    c.fill([(16, 70), (84, 70), (88, 82), (12, 82)], fall(light(STEEL, 0.3), dark(STEEL, 0.25)))
    c.fill(rect(14, 66, 86, 71, 1.6), fall(light(STEEL, 0.6), STEEL))
    c.fill(rect(38, 73, 62, 80, 1), rgb("#27312c"))
    c.write(f"{weight_g / 1000:.3f} kg", 50, 76.5, 4.2, rgb("#b6e08a"))


def delivery_photo(order_number: str, shot: DoorShot = "door", *, size: int = SIZE) -> bytes:
    """Draw the parcel where the courier left it; WebP."""
    c = Canvas(size)
    if shot == "locker":
        lockers(c)
    else:
        door(c)
    c.view = View(50, 50, 0.8) if shot == "door" else View(48, 71, 0.46)
    box(c, 24, 52, 66, 88)
    label(c, 29, 62, order_number)
    c.view = View()
    vignette(c)
    return webp(c.finished(), quality=74)


def door(c: Canvas) -> None:
    c.wash(fall(rgb("#d8d2c6"), rgb("#c9c1b2")))
    c.fill(rect(-2, 72, 102, 102), fall(rgb("#9a9790"), rgb("#7f7c76")))
    for i in range(5):
        c.line([(-2 + i * 26, 72), (-20 + i * 36, 102)], 0.3, rgb("#6d6a65"), alpha=0.7)
    c.fill(rect(24, 2, 74, 73), dark(WOOD, 0.5))
    c.fill(rect(26, 4, 72, 72.6), across(dark(WOOD, 0.18), dark(WOOD, 0.34)))
    for y0, y1 in ((9, 34), (40, 66)):
        c.fill(rect(32, y0, 66, y1, 1), dark(WOOD, 0.42))
        c.fill(rect(33, y0 + 1, 66, y1, 1), dark(WOOD, 0.26))
    c.fill(ellipse(67.6, 40, 1.4), rgb("#d8b96a"))
    c.write("302", 49, 21, 5, rgb("#e2cf9e"))
    c.fill([(20, 76), (80, 76), (88, 88), (12, 88)], rgb("#6a5f50"))
    plant(c)


def lockers(c: Canvas) -> None:
    c.wash(rgb("#dfe3e4"))
    for row in range(3):
        for column in range(3):
            x, y = 1 + column * 33, 1 + row * 33
            cell = rect(x, y, x + 32, y + 32, 1)
            opened = row == 1 and column == 1
            c.fill(cell, fall(rgb("#3f464a"), rgb("#596166")) if opened else across(rgb("#5b8f86"), rgb("#4b7b74")))
            if not opened:
                c.write(f"{row * 3 + column + 1:02d}", x + 5, y + 5, 4, rgb("#dfeeea"))
                c.fill(rect(x + 27, y + 13, x + 29, y + 20, 0.6), rgb("#d5dcda"))
    c.soft(rect(34, 34, 66, 44), alpha=0.5, blur=2)
    c.fill([(34, 62), (66, 62), (66, 66), (34, 66)], rgb("#6d757a"))


def document_photo(title: str, lines: list[str], *, size: int = SIZE) -> bytes:
    """Draw a sheet with a few lines of ASCII: a receipt, a test report; WebP."""
    c = bench(size)
    sheet = turned(rect(20, 8, 80, 94, 0.6), 2)
    drop(c, sheet, 1.6)
    c.fill(sheet, rgb("#fcfbf7"))
    c.write(title, 50, 18, 4.4, INK, angle=-2)
    c.line(turned([(26, 24), (74, 24)], 2), 0.3, INK)
    for i, text in enumerate(lines[:12]):
        c.write(text, *turned([(50, 31 + i * 4.8)], 2)[0], 2.6, INK, angle=-2)
    stamp = ellipse(66, 82, 8)
    c.line([*stamp, stamp[0]], 0.6, rgb("#b3432f"))
    c.write("SANDBOX", 66, 82, 2.2, rgb("#b3432f"), angle=14)
    c.line(curve([(30, 84), (36, 80), (38, 85), (44, 81)], closed=False), 0.4, Palette(rgb("#33507a")).base)
    vignette(c)
    return webp(c.finished(), quality=74)
