"""The drawings by name, and how each is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from demo.pictures.canvas import Canvas
from demo.pictures.colour import Palette
from demo.pictures.drawings import bags, food, fruit, home, jars, paper, shoes, tableware, tech, toys, wear

Painter = Callable[[Canvas, Palette, str], None]  # canvas, colour, slug


@dataclass(frozen=True, slots=True)
class Drawing:
    paint: Painter
    flat: bool = False  # lies on a table and is seen from above
    zoom: float = 1.16  # how close the front view comes
    y: float = 52.5  # and which height is its middle
    focus: tuple[float, float] = (45, 51)  # middle of the detail view


DRAWINGS: dict[str, Drawing] = {
    # on the table
    "mug": Drawing(tableware.mug, zoom=1.2, y=56),
    "teapot": Drawing(tableware.teapot, zoom=1.1, y=51, focus=(56, 54)),
    "bowl": Drawing(tableware.bowl, zoom=1.1, y=61, focus=(42, 66)),
    "knife": Drawing(tableware.knife, flat=True, zoom=1.08, y=48, focus=(63, 45)),
    "paring": Drawing(tableware.paring, flat=True, zoom=1.1, y=53, focus=(48, 55)),
    "board": Drawing(tableware.board, flat=True, zoom=1.14, y=51, focus=(36, 52)),
    "pot": Drawing(tableware.pot, zoom=1.14, y=57, focus=(40, 52)),
    "jars": Drawing(jars.jars, zoom=1.14, focus=(42, 54)),
    "teaset": Drawing(tableware.teaset, zoom=1.02, y=60, focus=(52, 60)),
    "planter": Drawing(tableware.planter, zoom=1.08, y=47, focus=(48, 52)),
    "honey": Drawing(jars.honey, zoom=1.14, y=56, focus=(46, 58)),
    "jam": Drawing(jars.jam, zoom=1.2, y=58, focus=(48, 56)),
    # at home
    "desklamp": Drawing(home.desklamp, zoom=1.06, focus=(58, 36)),
    "lantern": Drawing(home.lantern, zoom=1.02, y=49, focus=(52, 44)),
    "nightlight": Drawing(home.nightlight, zoom=1.14),
    "towel": Drawing(home.towel, zoom=1.1, focus=(60, 50)),
    "cushion": Drawing(home.cushion, zoom=1.08, y=51, focus=(36, 40)),
    "throw": Drawing(home.throw, flat=True, zoom=1.16, focus=(60, 60)),
    "chair": Drawing(home.chair, zoom=0.98, y=52, focus=(46, 52)),
    "train": Drawing(toys.train, zoom=0.98, y=54, focus=(66, 58)),
    "rainbow": Drawing(toys.rainbow, zoom=0.98, y=56, focus=(38, 56)),
    "speaker": Drawing(home.speaker, zoom=1.12, y=51, focus=(48, 58)),
    # to eat and drink
    "teatin": Drawing(food.teatin, zoom=1.14, y=54, focus=(46, 54)),
    "teacake": Drawing(food.teacake, zoom=1.1, y=52, focus=(50, 50)),
    "teabox": Drawing(food.teabox, zoom=1.0, y=56, focus=(44, 56)),
    "pouch": Drawing(food.pouch, zoom=1.06, y=53, focus=(46, 56)),
    "fruitbox": Drawing(fruit.fruitbox, zoom=1.06, y=58, focus=(50, 52)),
    "giftbox": Drawing(fruit.giftbox, zoom=1.04, y=53, focus=(44, 58)),
    # to wear
    "shirt": Drawing(wear.shirt, flat=True, zoom=1.12, focus=(52, 28)),
    "tshirt": Drawing(wear.tshirt, flat=True, zoom=1.06, focus=(50, 28)),
    "scarf": Drawing(wear.scarf, flat=True, zoom=1.06, focus=(50, 46)),
    "beanie": Drawing(wear.beanie, zoom=1.1, y=47, focus=(56, 62)),
    "sneaker": Drawing(shoes.sneaker, zoom=0.92, y=53, focus=(56, 50)),
    "loafer": Drawing(shoes.loafer, zoom=0.92, y=56, focus=(58, 56)),
    "runner": Drawing(shoes.runner, zoom=0.9, y=53, focus=(56, 52)),
    "slipper": Drawing(shoes.slipper, flat=True, zoom=1.04, focus=(38, 36)),
    # to carry
    "backpack": Drawing(bags.backpack, zoom=1.06, y=48, focus=(50, 58)),
    "tote": Drawing(bags.tote, zoom=1.06, y=49, focus=(46, 50)),
    "suitcase": Drawing(bags.suitcase, zoom=0.98, y=46, focus=(56, 42)),
    "wallet": Drawing(bags.wallet, flat=True, zoom=1.14, focus=(44, 52)),
    "watch": Drawing(bags.watch, flat=True, zoom=1.12, focus=(54, 46)),
    # with a plug
    "headphones": Drawing(tech.headphones, zoom=1.06, y=51, focus=(34, 58)),
    "earbuds": Drawing(tech.earbuds, zoom=1.22, y=53, focus=(48, 46)),
    "phonecase": Drawing(tech.phonecase, flat=True, zoom=1.04, focus=(42, 32)),
    "powerbank": Drawing(tech.powerbank, flat=True, zoom=1.08, focus=(48, 36)),
    "keyboard": Drawing(tech.keyboard, flat=True, zoom=0.98, focus=(64, 46)),
    "cliplight": Drawing(tech.cliplight, zoom=1.06, y=51, focus=(58, 42)),
    # of paper
    "notebook": Drawing(paper.notebook, flat=True, zoom=1.04, focus=(38, 40)),
    "planner": Drawing(paper.planner, flat=True, zoom=1.06, focus=(38, 44)),
    "pen": Drawing(paper.pen, flat=True, zoom=1.04, focus=(38, 58)),
    "picturebook": Drawing(paper.picturebook, flat=True, zoom=1.02, y=52, focus=(48, 62)),
    "keycard": Drawing(paper.keycard, flat=True, zoom=1.06, focus=(42, 58)),
    "book": Drawing(paper.book, flat=True, zoom=1.02, y=51, focus=(52, 54)),
}
