"""What comes in as a picture, and what is made of it."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from core import pictures
from core.errors import Invalid
from core.pictures import NotAPicture, TooLarge, clean_picture, clean_renditions

DATA = Path(__file__).parents[1] / "data"


def photo(kind: str = "JPEG", size: tuple[int, int] = (800, 600), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 128 if mode == "L" else None).save(out, kind, **options)
    return out.getvalue()


def upload(content: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/jpeg")


def bomb_png(width: int, height: int) -> bytes:
    """A small file that says it is huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_each_kind_becomes_webp(kind: str) -> None:
    raw = photo(kind)
    picture = clean_picture(upload(raw), max_px=400)
    with Image.open(io.BytesIO(picture.webp)) as made:
        assert made.format == "WEBP"
        assert made.size == (picture.width, picture.height) == (400, 300)
    assert picture.sha256 == hashlib.sha256(raw).hexdigest()


def test_small_pictures_are_not_blown_up() -> None:
    picture = clean_picture(upload(photo(size=(40, 30))), max_px=400)
    assert (picture.width, picture.height) == (40, 30)


def test_exif_is_obeyed_and_then_gone() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = "Secret camera"
    picture = clean_picture(upload(photo(exif=exif.tobytes())), max_px=400)
    assert (picture.width, picture.height) == (300, 400)
    assert b"Secret" not in picture.webp
    with Image.open(io.BytesIO(picture.webp)) as made:
        assert not dict(made.getexif())
        assert "icc_profile" not in made.info


def test_only_the_first_frame_of_an_animation_stays() -> None:
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("red", "blue", "green")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    picture = clean_picture(upload(out.getvalue()))
    with Image.open(io.BytesIO(picture.webp)) as made:
        assert getattr(made, "n_frames", 1) == 1
        red, _, blue = made.convert("RGB").getpixel((25, 25))  # type: ignore[misc]
    assert red > 200 > 50 > blue


def test_transparency_and_odd_modes_survive() -> None:
    with Image.open(io.BytesIO(clean_picture(upload(photo("PNG", mode="RGBA"))).webp)) as made:
        assert made.mode == "RGBA"
    for mode in ("L", "P", "CMYK", "1", "I;16"):
        kind = "JPEG" if mode == "CMYK" else "PNG"
        assert clean_picture(upload(photo(kind, mode=mode))).webp


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello, I am a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a",
        b"\xff\xd8\xff\xe0" + b"\x00" * 50,
        b"%PDF-1.7\n1 0 obj\n",
        photo()[: len(photo()) // 2],
        photo("PNG")[:-40],
        photo("WEBP")[:60],
        photo("AVIF")[:100],
        photo("BMP", size=(10, 10)),
        photo("TIFF", size=(10, 10)),
        *((DATA / f"broken.{kind}").read_bytes() for kind in ("avif", "jpg", "webp")),  # decoders break in them
    ],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(NotAPicture) as refusal:
        clean_picture(upload(content))
    assert isinstance(refusal.value, Invalid)
    assert refusal.value.message


@pytest.mark.parametrize(("width", "height"), [(6400, 6400), (60_000, 60_000), (2**31 - 1, 2**31 - 1), (16_384, 10)])
def test_bombs_are_refused_before_they_are_unpacked(width: int, height: int) -> None:
    with pytest.raises(Invalid):
        clean_picture(upload(bomb_png(width, height)))


def test_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_BYTES", 1000)
    with pytest.raises(TooLarge):
        clean_picture(upload(photo() + b"\x00" * 5000))
    with pytest.raises(TooLarge):
        clean_picture(io.BytesIO(photo() + b"\x00" * 5000))


def test_renditions_share_one_digest() -> None:
    made = clean_renditions(upload(photo(size=(2000, 1000))), sizes={"large": 1200, "thumb": 120})
    assert (made["large"].width, made["large"].height) == (1200, 600)
    assert (made["thumb"].width, made["thumb"].height) == (120, 60)
    assert made["large"].sha256 == made["thumb"].sha256
