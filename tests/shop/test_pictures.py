"""Pictures of products: taken in, arranged, described, removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import override
from PIL import Image

from core import clock
from core.actor import SYSTEM
from core.models import AuditEntry
from core.pictures import NotAPicture
from shop.errors import NotReadyToList, TooManyPictures
from shop.models import Product, ProductImage
from shop.services import pictures
from shop.services.pictures import PictureChange, add_picture, change_pictures
from shop.states import ProductStatus
from tests.factories.pictures import photo
from tests.factories.shop import ProductFactory


@pytest.fixture(autouse=True)
def own_media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with override("en"):
        yield


@pytest.fixture
def product(db: None) -> Product:
    made: Product = ProductFactory()
    return made


def add(product: Product, *colours: str) -> list[ProductImage]:
    return [
        add_picture(product=product, upload=photo(colour, (1500, 900)), alt=colour, actor=SYSTEM, now=clock.now())
        for colour in colours
    ]


def change(product: Product, *changes: PictureChange, uploads: Any = ()) -> list[pictures.Rejected]:
    return change_pictures(
        store_id=product.store_id, product_id=product.pk, uploads=uploads, changes=changes, actor=SYSTEM,
        now=clock.now(),
    )  # fmt: skip


def order_of(product: Product) -> list[str]:
    return list(ProductImage.objects.filter(product=product).values_list("alt", flat=True))


def test_a_picture_comes_in_three_sizes_and_the_first_is_the_cover(product):
    image = add(product, "red")[0]
    widths = {}
    for size in ("large", "card", "thumb"):
        with default_storage.open(getattr(image, size).name) as file, Image.open(file) as made:
            assert made.format == "WEBP"
            widths[size] = made.width
    assert widths == {"large": 1200, "card": 480, "thumb": 120}
    product.refresh_from_db()
    assert product.cover == image.card.name
    assert product.cover_alt == "red"
    assert image.sha256[:2] in image.card.name
    assert "photo" not in image.card.name


def test_each_change_of_pictures_is_a_version_and_audited(product):
    add(product, "red", "blue")
    product.refresh_from_db()
    assert product.version == 3
    promise = product.versions.get(version=3).promise
    assert [image["alt"] for image in promise["images"]] == ["red", "blue"]
    assert AuditEntry.objects.filter(act="product.pictures", subject=str(product.pk)).count() == 2


def test_the_same_file_twice_is_one_picture(product):
    first, second = add(product, "red", "red")
    assert first.pk == second.pk
    assert product.images.count() == 1


def test_what_is_no_picture_leaves_nothing_behind(product):
    bad = SimpleUploadedFile("photo.jpg", b"no picture at all")
    with pytest.raises(NotAPicture):
        add_picture(product=product, upload=bad, actor=SYSTEM, now=clock.now())
    assert product.images.count() == 0
    product.refresh_from_db()
    assert product.version == 1


def test_good_ones_are_taken_and_bad_ones_named(product):
    bad = SimpleUploadedFile("../../etc/passwd", b"GIF89a")
    rejected = change(product, uploads=[photo("red"), bad, photo("blue")])
    assert product.images.count() == 2
    assert [one.name for one in rejected] == ["passwd"]
    assert "not a picture" in rejected[0].why


def test_a_product_has_so_many_pictures_and_no_more(product, monkeypatch):
    monkeypatch.setattr(pictures, "MOST", 2)
    add(product, "red", "blue")
    with pytest.raises(TooManyPictures):
        add(product, "green")
    assert "at most 2" in change(product, uploads=[photo("green")])[0].why
    assert product.images.count() == 2


def test_arranging_moves_the_cover_along(product):
    red, blue, green = add(product, "red", "blue", "green")
    change(
        product,
        PictureChange(id=green.pk, position=0, alt="green"),
        PictureChange(id=red.pk, position=1, alt="scarlet"),
        PictureChange(id=blue.pk, position=2, alt="blue"),
    )
    assert order_of(product) == ["green", "scarlet", "blue"]
    product.refresh_from_db()
    assert product.cover == green.card.name


def test_removing_keeps_the_files_for_old_promises(product):
    red, blue = add(product, "red", "blue")
    change(product, PictureChange(id=red.pk, position=0, remove=True))
    assert order_of(product) == ["blue"]
    assert default_storage.exists(red.large.name)
    product.refresh_from_db()
    assert product.cover == blue.card.name


def test_a_product_on_sale_keeps_a_picture(product):
    red = add(product, "red")[0]
    with pytest.raises(NotReadyToList):
        change(product, PictureChange(id=red.pk, position=0, remove=True))
    assert product.images.count() == 1
    change(product, PictureChange(id=red.pk, position=0, remove=True), uploads=[photo("blue")])
    assert product.images.count() == 1
    Product.objects.update(status=ProductStatus.UNLISTED)
    change(product, PictureChange(id=product.images.get().pk, position=0, remove=True))
    product.refresh_from_db()
    assert product.cover == ""


def test_pictures_of_others_are_not_touched(product):
    other = ProductFactory()
    theirs = add(other, "red")[0]
    change(product, PictureChange(id=theirs.pk, position=5, remove=True))
    assert other.images.count() == 1
