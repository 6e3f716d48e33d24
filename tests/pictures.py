"""Pictures to upload."""

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def upload(name: str = "picture", *, body: bytes | None = None) -> SimpleUploadedFile:
    """A small PNG, or whatever ``body`` is, under a picture's name."""
    if body is None:
        target = io.BytesIO()
        Image.new("RGB", (40, 30), "navy").save(target, "PNG")
        body = target.getvalue()
    return SimpleUploadedFile(f"{name}.png", body, content_type="image/png")
