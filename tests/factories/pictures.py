"""Pictures to upload."""

from __future__ import annotations

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def photo(colour: str = "red", size: tuple[int, int] = (300, 300), name: str = "photo.jpg") -> SimpleUploadedFile:
    """A picture of one colour: another colour is another file."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/jpeg")
