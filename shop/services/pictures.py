"""Pictures of products: three renditions each, named by digest, in an order of which the first is the main one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import audit
from core.actor import Actor
from core.errors import DomainError
from core.pictures import Picture, clean_renditions
from shop.errors import NotReadyToList, TooManyPictures
from shop.models import Product, ProductImage
from shop.roles import Act
from shop.services.access import require
from shop.services.products import lock_product
from shop.services.promises import publish_version
from shop.states import ProductStatus

SIZES = {"large": 1200, "card": 480, "thumb": 120}
MOST = 12


@dataclass(frozen=True, slots=True)
class PictureChange:
    """What the editor says of a picture that is there: its place, its words, or that it goes."""

    id: UUID
    position: int
    alt: str = ""
    remove: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """An upload that was not taken, and why."""

    name: str
    why: str


def add_picture(*, product: Product, upload: UploadedFile, alt: str = "", actor: Actor, now: datetime) -> ProductImage:
    """
    Add one picture at the end; a file that is there already is not added again.

    :raises NotAPicture: if it is none
    :raises TooLarge: if it is too large
    :raises TooManyPictures: if the product is full
    """
    made = clean_renditions(upload, sizes=SIZES)
    with transaction.atomic():
        locked = lock_product(store_id=product.store_id, product_id=product.pk)
        require(locked.store, Act.PRODUCTS, actor=actor)
        image = _append(locked, made, alt=alt)
        _settle(locked, actor=actor, now=now)
    product.cover, product.cover_alt, product.version = locked.cover, locked.cover_alt, locked.version
    return image


def change_pictures(
    *,
    store_id: UUID,
    product_id: UUID,
    uploads: Sequence[UploadedFile],
    changes: Sequence[PictureChange],
    actor: Actor,
    now: datetime,
) -> list[Rejected]:
    """
    Arrange, describe and remove pictures, then add the uploads at the end. What cannot be taken is returned with why.

    :raises NotReadyToList: if a listing on sale would lose its last picture
    """
    made, rejected = _decode_all(uploads[: MOST + 1])
    with transaction.atomic():
        product = lock_product(store_id=store_id, product_id=product_id)
        require(product.store, Act.PRODUCTS, actor=actor)
        _arrange(product, changes)
        for name, renditions in made:
            try:
                _append(product, renditions)
            except TooManyPictures as refusal:
                rejected.append(Rejected(name, refusal.message))
        _settle(product, actor=actor, now=now)
    return rejected


def _decode_all(uploads: Sequence[UploadedFile]) -> tuple[list[tuple[str, dict[str, Picture]]], list[Rejected]]:
    """Outside of any transaction: decoding takes long, and a lock should not."""
    made: list[tuple[str, dict[str, Picture]]] = []
    rejected: list[Rejected] = []
    for upload in uploads:
        name = str(upload.name or "")[:80]
        try:
            made.append((name, clean_renditions(upload, sizes=SIZES)))
        except DomainError as refusal:
            rejected.append(Rejected(name, refusal.message))
    return made, rejected


def _append(product: Product, made: dict[str, Picture], *, alt: str = "") -> ProductImage:
    rows = ProductImage.objects.filter(product=product)
    digest = made["large"].sha256
    known = rows.filter(sha256=digest).first()
    if known is not None:
        return known
    taken = rows.count()
    if taken >= MOST:
        raise TooManyPictures(limit=MOST)
    files = {size: _store(picture, size) for size, picture in made.items()}
    return ProductImage.objects.create(product=product, alt=alt, sha256=digest, position=taken, **files)


def _store(picture: Picture, size: str) -> str:
    """Files are named by what they show and never deleted: promises of old versions still show them."""
    name = f"products/{picture.sha256[:2]}/{picture.sha256[2:40]}-{size}.webp"
    return name if default_storage.exists(name) else default_storage.save(name, ContentFile(picture.webp))


def _arrange(product: Product, changes: Sequence[PictureChange]) -> None:
    own = {image.pk: image for image in product.images.all()}
    said = [change for change in changes if change.id in own]
    for change in said:
        row = ProductImage.objects.filter(pk=change.id)
        if change.remove:
            row.delete()
        else:
            row.update(position=change.position, alt=change.alt)
    for place, image in enumerate(ProductImage.objects.filter(product=product).order_by("position", "id")):
        if image.position != place:
            ProductImage.objects.filter(pk=image.pk).update(position=place)


def _settle(product: Product, *, actor: Actor, now: datetime) -> None:
    """The first picture is the cover; what is on sale keeps one; the change is a version and in the audit."""
    images = list(ProductImage.objects.filter(product=product))
    first = images[0] if images else None
    if first is None and product.status == ProductStatus.LISTED and product.images.all():
        raise NotReadyToList(_("While it is on sale, a product keeps at least one picture."))
    product.cover = str(first.card.name) if first else ""
    product.cover_alt = first.alt if first else ""
    Product.objects.filter(pk=product.pk).update(cover=product.cover, cover_alt=product.cover_alt)
    before = product.version
    publish_version(product=product, author_id=actor.user_id, now=now)
    if product.version != before:
        facts = {"version": product.version, "pictures": [image.sha256 for image in images]}
        audit.record(actor=actor, act="product.pictures", subject_type="product", subject=str(product.pk), facts=facts)
