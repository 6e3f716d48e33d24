"""Shapes as lists of points, and the turned body that pots, jars, lamps and cups are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence

from demo.pictures.canvas import Canvas, Point, Points, Run
from demo.pictures.colour import RGB, WHITE, Palette, dark, light

Profile = Sequence[tuple[float, float]]  # (y, radius) from top to bottom


def ellipse(x: float, y: float, rx: float, ry: float | None = None, turn: float = 0) -> list[Point]:
    return arc(x, y, rx, ry if ry is not None else rx, 0, 360, turn=turn)


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float, turn: float = 0) -> list[Point]:
    """Points from one angle to another; 0 is to the right, 90 below."""
    steps = max(6, int(abs(end - start) / 6))
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    points = []
    for step in range(steps + 1):
        angle = math.radians(start + (end - start) * step / steps)
        dx, dy = rx * math.cos(angle), ry * math.sin(angle)
        points.append((x + dx * cos - dy * sin, y + dx * sin + dy * cos))
    return points


def rect(x0: float, y0: float, x1: float, y1: float, r: float = 0) -> list[Point]:
    if r <= 0:
        return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    corners = ((x1 - r, y0 + r, -90), (x1 - r, y1 - r, 0), (x0 + r, y1 - r, 90), (x0 + r, y0 + r, 180))
    return [point for cx, cy, start in corners for point in arc(cx, cy, r, r, start, start + 90)]


def spots(text: str) -> list[Point]:
    """Read "12,40 15,38.5" as points: long outlines stay readable."""
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in text.split())]


def curve(points: Points, closed: bool = True, steps: int = 10) -> list[Point]:
    """A smooth line through the points (Catmull-Rom)."""
    count = len(points)
    smooth: list[Point] = []
    for i in range(count if closed else count - 1):
        around = [points[(i + k) % count if closed else min(max(i + k, 0), count - 1)] for k in (-1, 0, 1, 2)]
        smooth += [between(around, step / steps) for step in range(steps)]
    return smooth if closed else [*smooth, points[-1]]


def between(p: Points, t: float) -> Point:
    a, b, c, d = p
    t2, t3 = t * t, t * t * t
    x, y = (
        0.5
        * (
            2 * b[axis]
            + (c[axis] - a[axis]) * t
            + (2 * a[axis] - 5 * b[axis] + 4 * c[axis] - d[axis]) * t2
            + (3 * b[axis] - a[axis] - 3 * c[axis] + d[axis]) * t3
        )
        for axis in (0, 1)
    )
    return x, y


def scatter(number: int, box: tuple[float, float, float, float]) -> list[Point]:
    """Points strewn evenly over a box, the same each time (golden ratio steps)."""
    x0, y0, x1, y1 = box
    return [
        (x0 + (x1 - x0) * ((i * 0.754877666) % 1), y0 + (y1 - y0) * ((i * 0.569840291) % 1))
        for i in range(1, number + 1)
    ]


def turned(points: Points, angle: float, around: Point = (50, 50)) -> list[Point]:
    """The shape, turned clockwise."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return [
        (
            around[0] + (x - around[0]) * cos - (y - around[1]) * sin,
            around[1] + (x - around[0]) * sin + (y - around[1]) * cos,
        )
        for x, y in points
    ]


def moved(points: Points, dx: float, dy: float) -> list[Point]:
    return [(x + dx, y + dy) for x, y in points]


def mirrored(points: Points, x: float = 50) -> list[Point]:
    return [(2 * x - px, py) for px, py in points]


# Bodies ------------------------------------------------------------------------------------


def round_paint(p: Palette, depth: float = 1.0) -> Run:
    """Light from the left, as it falls on a cylinder."""
    return Run(
        (
            (0.0, dark(p.base, 0.10 * depth)),
            (0.22, light(p.base, 0.26)),
            (0.55, p.base),
            (0.86, dark(p.base, 0.24 * depth)),
            (1.0, dark(p.base, 0.16 * depth)),
        )
    )


def fall(top: RGB, bottom: RGB) -> Run:
    return Run(((0.0, top), (1.0, bottom)), down=True)


def across(left: RGB, right: RGB) -> Run:
    return Run(((0.0, left), (1.0, right)))


def silhouette(x: float, profile: Profile, tilt: float = 0.2, smooth: bool = True) -> list[Point]:
    """The outline of a turned body, seen a little from above."""
    right: list[Point] = [(x + r, y) for y, r in profile]
    if smooth and len(right) > 2:
        right = curve(right, closed=False)
    left = mirrored(right, x)
    top_y, top_r = profile[0]
    low_y, low_r = profile[-1]
    over = arc(x, top_y, top_r, top_r * tilt, 180, 360)
    under = arc(x, low_y, low_r, low_r * tilt, 0, 180)
    return [*over, *right, *under, *reversed(left)]


def lathe(c: Canvas, x: float, profile: Profile, p: Palette, tilt: float = 0.2, smooth: bool = True) -> list[Point]:
    """Paint a turned body and return its outline."""
    outline = silhouette(x, profile, tilt, smooth)
    c.fill(outline, round_paint(p))
    return outline


def rim(c: Canvas, x: float, y: float, r: float, p: Palette, inner: RGB, tilt: float = 0.2, wall: float = 1.0) -> None:
    """The mouth of a vessel: its lip and what is seen inside."""
    c.fill(ellipse(x, y, r, r * tilt), across(p.glow, p.light))
    c.fill(ellipse(x, y + 0.15, r - wall, (r - wall) * tilt), fall(dark(inner, 0.34), light(inner, 0.06)))


def ground(c: Canvas, x: float, y: float, r: float, strength: float = 1.0) -> None:
    """The shadow of a thing that stands: a long one to the right and a dark one where it touches."""
    cast = ellipse(x + min(r * 0.38, 8), y + 0.4, r * 1.2, min(r * 0.24, 4.6))
    touch = ellipse(x + r * 0.05, y, r * 1.02, min(r * 0.15, 2.6))
    c.softs(((cast, 0.22 * strength, 3.0), (touch, 0.42 * strength, 1.0)))


def drop(c: Canvas, outline: Points, height: float = 1.6, strength: float = 1.0) -> None:
    """The shadow of a thing that lies flat."""
    far, near = moved(outline, height, height * 1.3), moved(outline, height * 0.25, height * 0.45)
    c.softs(((far, 0.26 * strength, 2.2), (near, 0.30 * strength, 0.6)))


def gleam(c: Canvas, points: Points, alpha: float = 0.35, blur: float = 0.5) -> None:
    c.soft(points, colour=WHITE, alpha=alpha, blur=blur)
