"""Pictures from strangers: decoded within limits, turned upright, stripped of all but the picture, re-encoded."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from core.errors import DomainError, Invalid

MAX_BYTES = 10 * 2**20
MAX_PIXELS = 40_000_000
MAX_SIDE = 16_383  # what WebP can hold
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")
ACCEPT = "image/jpeg,image/png,image/webp,image/avif,image/gif"
QUALITY = 80

Image.MAX_IMAGE_PIXELS = MAX_PIXELS


class NotAPicture(Invalid):
    code = "not_a_picture"
    default_message = _("This file is not a picture we can read. Send a JPEG, PNG, WebP, AVIF or GIF file.")


class TooLarge(Invalid):
    code = "picture_too_large"
    default_message = _("This picture is too large: at most 10 MB and 40 million pixels.")


class Upload(Protocol):
    """An uploaded file, or any open binary file."""

    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Picture:
    """
    A picture as we show it. ``sha256`` is of the file as it came: the same file sent twice is known again;
    ``kept_sha256`` is of what is kept of it.

    ``original`` is the file as it came, for who keeps it sealed; it goes to nobody's browser as it is.
    """

    webp: bytes
    sha256: str
    width: int
    height: int
    original: bytes = b""

    @property
    def kept_sha256(self) -> str:
        return hashlib.sha256(self.webp).hexdigest()


def clean_picture(upload: Upload, *, max_px: int = 1600) -> Picture:
    """
    Re-encode an upload as WebP, no side longer than ``max_px``.

    :raises NotAPicture: if it is none, of a kind we do not take, or cut short
    :raises TooLarge: over 10 MB or 40 million pixels
    """
    return clean_renditions(upload, sizes={"only": max_px})["only"]


def clean_renditions(upload: Upload, *, sizes: Mapping[str, int]) -> dict[str, Picture]:
    """
    Re-encode an upload in several sizes at once, decoding it a single time.

    :raises NotAPicture: as ``clean_picture``
    :raises TooLarge: as ``clean_picture``
    """
    raw = _read(upload)
    digest = hashlib.sha256(raw).hexdigest()
    picture = _decode(raw, longest=max(sizes.values()))
    return {name: _encode(picture, max_px=size, digest=digest, raw=raw) for name, size in sizes.items()}


def _read(upload: Upload) -> bytes:
    if getattr(upload, "size", 0) and upload.size > MAX_BYTES:  # type: ignore[attr-defined]
        raise TooLarge
    if hasattr(upload, "seek"):
        upload.seek(0)
    raw = upload.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise TooLarge
    return raw


def _decode(raw: bytes, *, longest: int) -> Image.Image:
    """The upright picture in RGB or RGBA; only its first frame, and no larger than is useful."""
    try:
        with Image.open(io.BytesIO(raw), formats=FORMATS) as probe:
            _check_size(probe)
            probe.verify()
        with Image.open(io.BytesIO(raw), formats=FORMATS) as image:
            image.draft("RGB", (longest * 2, longest * 2))  # JPEG: skips detail that would be thrown away
            image.load()
            return _plain(ImageOps.exif_transpose(image))
    except (Image.DecompressionBombError, MemoryError) as fault:
        raise TooLarge from fault
    except DomainError:
        raise
    except Exception as fault:  # a decoder that meets a damaged file raises whatever happens to break in it
        raise NotAPicture from fault


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise TooLarge


def _plain(image: Image.Image) -> Image.Image:
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        return image.convert("RGBA")
    return image.convert("RGB")


def _encode(picture: Image.Image, *, max_px: int, digest: str, raw: bytes) -> Picture:
    copy = picture.copy()
    copy.thumbnail((max_px, max_px), Image.Resampling.LANCZOS)
    copy.info.clear()
    out = io.BytesIO()
    copy.save(out, "WEBP", quality=QUALITY, method=4)
    return Picture(webp=out.getvalue(), sha256=digest, width=copy.width, height=copy.height, original=raw)
