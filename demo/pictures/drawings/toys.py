"""Wooden toys."""

from __future__ import annotations

from demo.pictures.canvas import Canvas
from demo.pictures.colour import STEEL, WALNUT, WHITE, WOOD, Palette, dark, light, rgb
from demo.pictures.shapes import (
    across,
    arc,
    ellipse,
    fall,
    gleam,
    ground,
    moved,
    rect,
)


def train(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 74, 38, 0.8)
    cars = ((71, p, engine), (46, Palette(rgb("#d8a83c")), timber), (21, Palette(rgb("#6c9a86")), coach))
    for x in (71, 46):
        c.line([(x - 14, 66), (x - 9, 66)], 1.4, STEEL)
    for x, tone, load in cars:
        c.fill(rect(x - 11, 61, x + 11, 68, 2), fall(light(WOOD, 0.25), dark(WOOD, 0.1)))
        load(c, x, tone)
        for wheel in (x - 6.4, x + 6.4):
            c.fill(ellipse(wheel, 69, 4.6), across(light(WOOD, 0.25), dark(WOOD, 0.2)))
            c.fill(ellipse(wheel, 69, 2.8), tone.base)
            c.fill(ellipse(wheel, 69, 0.9), dark(WALNUT, 0.1))
    for cloud, y, r in ((78.6, 36, 2.4), (83, 31, 3.2), (89, 27, 2.6)):
        c.fill(ellipse(cloud, y, r), WHITE, alpha=0.75)


def engine(c: Canvas, x: float, tone: Palette) -> None:
    c.fill(rect(x - 10, 42, x - 1, 62, 1.6), fall(tone.light, tone.dark))
    c.fill(rect(x - 11.6, 39, x + 0.6, 43, 1.6), fall(light(WALNUT, 0.2), dark(WALNUT, 0.1)))
    c.fill(rect(x - 7.6, 46, x - 3.4, 52, 1), rgb("#f5ecd7"))
    c.fill(rect(x - 2, 49, x + 11.6, 62, 4), fall(tone.light, tone.dark))
    c.fill([(x + 3.6, 49.4), (x + 8.4, 49.4), (x + 9.4, 42), (x + 2.6, 42)], fall(light(WALNUT, 0.15), WALNUT))
    gleam(c, rect(x, 50.4, x + 9, 52, 0.8), alpha=0.5, blur=0.5)


def timber(c: Canvas, x: float, tone: Palette) -> None:
    for dx, y, log in ((-6, 57.6, 0.0), (0, 57.6, 0.08), (6, 57.6, 0.16), (-3, 52.6, 0.04), (3, 52.6, 0.12)):
        c.fill(ellipse(x + dx, y, 3.2), dark(light(WOOD, 0.1), log))
        c.line(ellipse(x + dx, y, 1.7), 0.35, dark(WOOD, 0.3))


def coach(c: Canvas, x: float, tone: Palette) -> None:
    c.fill(rect(x - 10.6, 48, x + 10.6, 62, 2.4), fall(tone.light, tone.dark))
    for k in (-5.6, 0, 5.6):
        c.fill(rect(x + k - 2, 51, x + k + 2, 56.4, 0.9), rgb("#f5ecd7"))


def rainbow(c: Canvas, p: Palette, slug: str) -> None:
    ground(c, 50, 76, 36)
    tones = ("#c4473a", "#dd7f3f", "#e6b54a", "#7fa568", "#5c9aa0", "#4c6f9c", "#7d5a86")
    for i, code in enumerate(tones):
        r = 37 - i * 4.9
        colour = rgb(code)
        outer = [*arc(50, 76, r, r * 1.22, 180, 360), *arc(50, 76, r - 4.5, (r - 4.5) * 1.22, 360, 180)]
        c.fill(moved(outer, 0.9, -0.9), dark(colour, 0.3))
        c.fill(outer, across(light(colour, 0.16), dark(colour, 0.08)))
        c.line(arc(50, 76, r - 1.0, (r - 1.0) * 1.22, 188, 262), 0.5, light(colour, 0.6), alpha=0.7)
    for x, ball in ((14, rgb("#e6b54a")), (89, rgb("#5c9aa0"))):
        c.soft(ellipse(x + 1.5, 79, 5, 1.2), alpha=0.4, blur=0.8)
        c.fill(ellipse(x, 74.5, 4.6), across(light(ball, 0.25), dark(ball, 0.2)))
        gleam(c, ellipse(x - 1.4, 72.8, 1.3), alpha=0.6, blur=0.5)
