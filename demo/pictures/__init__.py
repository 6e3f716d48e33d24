"""
Pictures for the demo, drawn by the code: no photograph, no stock, the same on every machine.

Every function returns WebP bytes unless its name ends in ``_image``.
"""

from demo.pictures.evidence import EvidenceKind, evidence_photo, received_photo
from demo.pictures.marks import avatar, avatar_image, store_logo
from demo.pictures.parcels import DoorShot, PackShot, delivery_photo, document_photo, pack_photo
from demo.pictures.products import (
    SHOTS,
    SIDES,
    Shot,
    gallery,
    product_image,
    product_picture,
    renditions,
    webp,
)

__all__ = [
    "SHOTS",
    "SIDES",
    "DoorShot",
    "EvidenceKind",
    "PackShot",
    "Shot",
    "avatar",
    "avatar_image",
    "delivery_photo",
    "document_photo",
    "evidence_photo",
    "gallery",
    "pack_photo",
    "product_image",
    "product_picture",
    "received_photo",
    "renditions",
    "store_logo",
    "webp",
]
