"""The drawn pictures: one for everything, the same each time, and pictures indeed."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageStat

from demo.catalogue import Product, products, stores
from demo.pictures import (
    SHOTS,
    avatar,
    delivery_photo,
    document_photo,
    evidence_photo,
    gallery,
    pack_photo,
    product_image,
    product_picture,
    received_photo,
    renditions,
    store_logo,
)
from demo.pictures.drawings import DRAWINGS
from demo.pictures.evidence import SCENES

SMALL = 96
EVERY = products()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    assert image.format == "WEBP"
    return image


def is_drawn(image: Image.Image) -> bool:
    """More than a plain sheet."""
    return max(ImageStat.Stat(image.convert("L")).stddev) > 8


@pytest.mark.parametrize("item", EVERY, ids=lambda item: item.slug)
def test_every_product_is_drawn_in_every_shot(item: Product) -> None:
    for shot in SHOTS:
        image = product_image(item.slug, shot, size=SMALL)
        assert image.size == (SMALL, SMALL)
        assert is_drawn(image)


def test_every_drawing_is_used() -> None:
    assert {item.drawing for item in EVERY} == DRAWINGS.keys()


def test_a_picture_is_the_same_each_time() -> None:
    assert product_picture("ripple-mug", size=SMALL) == product_picture("ripple-mug", size=SMALL)
    assert avatar("lin-xiao") == avatar("lin-xiao")


def test_variants_shots_and_products_of_one_drawing_differ() -> None:
    pictures = [
        product_picture("ripple-mug", size=SMALL),
        product_picture("ripple-mug", colour="indigo", size=SMALL),
        product_picture("ripple-mug", "scene", size=SMALL),
        product_picture("jasmine-green", size=SMALL),
        product_picture("smoked-black", size=SMALL),
    ]
    assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize("item", EVERY, ids=lambda item: item.slug)
def test_the_gallery_says_each_picture_in_words(item: Product) -> None:
    shots = gallery(item.slug)
    assert len(shots) == 3
    assert len({(shot.kind, shot.colour) for shot in shots}) == 3
    assert all(0 < len(shot.alt.zh) <= 120 and 0 < len(shot.alt.en) <= 120 for shot in shots)


def test_unknown_things_are_not_drawn() -> None:
    with pytest.raises(KeyError):
        product_image("nothing-of-the-kind")
    with pytest.raises(KeyError):
        product_image("ripple-mug", colour="ultraviolet")


def test_renditions_are_never_enlarged() -> None:
    made = {name: opened(data).width for name, data in renditions(product_image("ripple-mug", size=600)).items()}
    assert made == {"large": 600, "card": 480, "thumb": 120}


def test_a_full_picture_is_light() -> None:
    assert len(product_picture("luochuan-apples")) < 60_000


@pytest.mark.parametrize("shot", ["sealed", "open", "scale"])
def test_packing_is_shown_with_the_order_number(shot: str) -> None:
    one = pack_photo("20261122-AAAA", shot, size=SMALL)
    other = pack_photo("20261122-BBBB", shot, size=SMALL)
    assert is_drawn(opened(one))
    assert one != other


def test_the_scale_shows_the_weight() -> None:
    light, heavy = (pack_photo("1", "scale", weight_g=grams, size=SMALL) for grams in (320, 5400))
    assert light != heavy


@pytest.mark.parametrize("kind", sorted(SCENES))
def test_evidence_is_drawn(kind: str) -> None:
    assert is_drawn(opened(evidence_photo(kind, "20261122-AAAA", size=SMALL)))


def test_other_photographs_are_drawn() -> None:
    made = [delivery_photo("1", "door", size=SMALL), delivery_photo("1", "locker", size=SMALL)]
    made += [received_photo("ripple-mug", size=SMALL), document_photo("REPORT", ["ok"], size=SMALL)]
    assert all(is_drawn(opened(data)) for data in made)


def test_every_store_has_a_sign_of_its_own() -> None:
    assert len({store_logo(shop.slug, size=SMALL) for shop in stores()}) == 12
