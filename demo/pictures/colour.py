"""Colours as the drawings mix them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

RGB = tuple[int, int, int]
WHITE: RGB = (255, 255, 255)
SHADE: RGB = (38, 30, 44)  # shadows lean to violet, which keeps them calm


def rgb(code: str) -> RGB:
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """Return ``one`` with that share of ``other`` in it."""
    return (
        round(one[0] + (other[0] - one[0]) * share),
        round(one[1] + (other[1] - one[1]) * share),
        round(one[2] + (other[2] - one[2]) * share),
    )


def light(colour: RGB, share: float = 0.3) -> RGB:
    return mix(colour, WHITE, share)


def dark(colour: RGB, share: float = 0.25) -> RGB:
    return mix(colour, SHADE, share)


def brightness(colour: RGB) -> float:
    return (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]) / 255


@dataclass(frozen=True, slots=True)
class Palette:
    """One colour in the five tones of a flat picture."""

    base: RGB

    @property
    def glow(self) -> RGB:
        return light(self.base, 0.55)

    @property
    def light(self) -> RGB:
        return light(self.base, 0.25)

    @property
    def dark(self) -> RGB:
        return dark(self.base, 0.22)

    @property
    def deep(self) -> RGB:
        return dark(self.base, 0.48)

    @property
    def ink(self) -> RGB:
        """A tone that can be read on the base."""
        return dark(self.base, 0.7) if brightness(self.base) > 0.45 else light(self.base, 0.75)


@cache
def palette(code: str) -> Palette:
    return Palette(rgb(code))


PAPER = rgb("#f6f1e7")
CREAM = rgb("#f3e9d6")
WOOD = rgb("#c79a63")
WALNUT = rgb("#7a5236")
LEAF = rgb("#5f8a58")
BRASS = rgb("#c9a14e")
STEEL = rgb("#c3cad0")
INK = rgb("#2f3338")
CARDBOARD = rgb("#c89b6a")
