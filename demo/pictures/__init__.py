"""
Pictures for the demo, drawn by the code: no photograph, no stock, the same on every machine.

Every function returns WebP bytes unless its name ends in ``_image``.
"""

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

__all__ = ["SHOTS", "SIDES", "Shot", "gallery", "product_image", "product_picture", "renditions", "webp"]
