"""
A small painter: shapes in a world of 100 × 100 units, drawn at twice the size and reduced at the end.

Every shape is a list of points. A paint is a flat colour or a run of colours across or down the shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from demo.pictures.colour import RGB, SHADE

Point = tuple[float, float]
Points = Sequence[Point]
Box = tuple[int, int, int, int]
COARSE = 8  # soft shapes are drawn at an eighth: nobody sees it, and blurring costs a sixty-fourth


@dataclass(frozen=True, slots=True)
class Run:
    """Colours from left to right, or from top to bottom; (place 0..1, colour)."""

    stops: tuple[tuple[float, RGB], ...]
    down: bool = False


Paint = RGB | Run


@dataclass(frozen=True, slots=True)
class View:
    """What the picture shows: the point in its middle and how much closer than the whole."""

    x: float = 50
    y: float = 50
    zoom: float = 1.0


class Canvas:
    def __init__(self, size: int = 800, view: View | None = None, background: Image.Image | None = None) -> None:
        self.size = size
        self.px = size * 2
        self.view = view or View()
        self.image = background or Image.new("RGB", (self.px, self.px))
        self.clip_mask: Image.Image | None = None

    # where things are -----------------------------------------------------------------

    @property
    def unit(self) -> float:
        return self.px / 100 * self.view.zoom

    def at(self, point: Point) -> Point:
        middle = self.px / 2
        return (point[0] - self.view.x) * self.unit + middle, (point[1] - self.view.y) * self.unit + middle

    def box_of(self, spots: Points, margin: float = 0) -> Box | None:
        """The pixels around the spots that lie within the picture; None if there are none."""
        xs, ys = [spot[0] for spot in spots], [spot[1] for spot in spots]
        box = (
            max(0, int(min(xs) - margin)),
            max(0, int(min(ys) - margin)),
            min(self.px, int(max(xs) + margin) + 2),
            min(self.px, int(max(ys) + margin) + 2),
        )
        return box if box[0] < box[2] and box[1] < box[3] else None

    # filling ---------------------------------------------------------------------------

    def fill(self, points: Points, paint: Paint, alpha: float = 1.0) -> None:
        spots = [self.at(point) for point in points]
        if isinstance(paint, tuple) and alpha >= 1 and self.clip_mask is None:
            ImageDraw.Draw(self.image).polygon(spots, fill=paint)
            return
        box = self.box_of(spots)
        if box is None:
            return
        mask = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        ImageDraw.Draw(mask).polygon([(x - box[0], y - box[1]) for x, y in spots], fill=round(255 * min(alpha, 1)))
        self.through(mask, box, paint)

    def through(self, mask: Image.Image, box: Box, paint: Paint) -> None:
        """Put paint where the mask is."""
        if self.clip_mask is not None:
            mask = ImageChops.multiply(mask, self.clip_mask.crop(box))
        if isinstance(paint, Run):
            self.image.paste(run_image(paint, mask.width, mask.height), box, mask)
        else:
            self.image.paste(paint, box, mask)

    def line(self, points: Points, width: float, colour: RGB, alpha: float = 1.0) -> None:
        """A line of even width with round ends; drawn as one shape, so that a pale one has no dark knees."""
        spots = [self.at(point) for point in points]
        thick = max(1, round(width * self.unit))
        box = self.box_of(spots, thick)
        if box is None:
            return
        mask = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        pen, tone = ImageDraw.Draw(mask), round(255 * alpha)
        moved = [(x - box[0], y - box[1]) for x, y in spots]
        pen.line(moved, fill=tone, width=thick, joint="curve")
        for x, y in (moved[0], moved[-1]):
            pen.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=tone)
        self.through(mask, box, colour)

    def soft(self, points: Points, colour: RGB = SHADE, alpha: float = 0.3, blur: float = 2.0) -> None:
        """A shape without an edge: shadows, glows."""
        self.softs(((points, alpha, blur),), colour)

    def softs(self, shapes: Sequence[tuple[Points, float, float]], colour: RGB = SHADE) -> None:
        """Several shapes without edges (points, alpha, blur) of one colour, laid down at once."""
        spots = [[self.at(point) for point in points] for points, _, _ in shapes]
        reach = max(blur for _, _, blur in shapes) * self.unit
        box = self.box_of([spot for shape in spots for spot in shape], reach * 2.2)
        if box is None:
            return
        size = (max(1, (box[2] - box[0]) // COARSE), max(1, (box[3] - box[1]) // COARSE))
        together: Image.Image | None = None
        for shape, (_, alpha, blur) in zip(spots, shapes, strict=True):
            mask = Image.new("L", size)
            small = [((x - box[0]) / COARSE, (y - box[1]) / COARSE) for x, y in shape]
            ImageDraw.Draw(mask).polygon(small, fill=round(255 * alpha))
            mask = mask.filter(ImageFilter.GaussianBlur(blur * self.unit / COARSE))
            together = mask if together is None else ImageChops.screen(together, mask)
        assert together is not None
        full = together.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.BILINEAR)
        self.through(full, box, colour)

    def wash(self, paint: Paint) -> None:
        """Cover everything."""
        if isinstance(paint, Run):
            self.image.paste(run_image(paint, self.px, self.px))
        else:
            self.image.paste(paint, (0, 0, self.px, self.px))

    @contextmanager
    def inside(self, points: Points) -> Iterator[None]:
        """Until the end of the block paint goes into this shape only."""
        before = self.clip_mask
        mask = Image.new("L", (self.px, self.px))
        ImageDraw.Draw(mask).polygon([self.at(point) for point in points], fill=255)
        self.clip_mask = mask if before is None else ImageChops.multiply(mask, before)
        try:
            yield
        finally:
            self.clip_mask = before

    def write(self, text: str, x: float, y: float, height: float, colour: RGB, *, angle: float = 0) -> None:
        """A line of ASCII around a point, in the one type face that comes with the drawing library."""
        face = font(max(6, round(height * self.unit)))
        left, top, right, bottom = face.getbbox(text)
        mask = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
        ImageDraw.Draw(mask).text((2 - left, 2 - top), text, fill=255, font=face)
        if angle:
            mask = mask.rotate(angle, Image.Resampling.BICUBIC, expand=True)
        middle = self.at((x, y))
        corner = (round(middle[0] - mask.width / 2), round(middle[1] - mask.height / 2))
        self.image.paste(colour, (*corner, corner[0] + mask.width, corner[1] + mask.height), mask)

    def finished(self) -> Image.Image:
        return self.image.reduce(2)


@lru_cache(maxsize=64)
def font(height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(height)


def run_image(run: Run, width: int, height: int) -> Image.Image:
    """A box full of the run. Rows are multiplied as bytes: five times quicker than stretching a strip."""
    length = height if run.down else width
    colours = [colour_at(run.stops, step / max(1, length - 1)) for step in range(0, length, 2)]
    if run.down:
        rows = b"".join(bytes(colour) * (width * 2) for colour in colours)
        return Image.frombytes("RGB", (width, height), rows[: width * height * 3])
    row = b"".join(bytes(colour) * 2 for colour in colours)[: width * 3]
    return Image.frombytes("RGB", (width, height), row * height)


def colour_at(stops: tuple[tuple[float, RGB], ...], place: float) -> RGB:
    before = stops[0]
    for after in stops:
        if place <= after[0]:
            share = (place - before[0]) / (after[0] - before[0]) if after[0] > before[0] else 0
            one, other = before[1], after[1]
            return (
                round(one[0] + (other[0] - one[0]) * share),
                round(one[1] + (other[1] - one[1]) * share),
                round(one[2] + (other[2] - one[2]) * share),
            )
        before = after
    return stops[-1][1]
