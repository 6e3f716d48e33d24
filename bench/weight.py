"""What a first visit loads: the page, its styles and scripts, and the pictures that do not wait to be scrolled to."""

from __future__ import annotations

import gzip
import re
import urllib.request
from urllib.parse import urljoin

STYLE = re.compile(r'<link\b[^>]*rel="stylesheet"[^>]*href="([^"]+)"|<link\b[^>]*href="([^"]+)"[^>]*rel="stylesheet"')
SCRIPT = re.compile(r'<script\b[^>]*src="([^"]+)"')
PICTURE = re.compile(r"<img\b[^>]*>")
PRODUCT = re.compile(r'<a\b[^>]*href="/p/[0-9a-f-]{36}/"')
SOURCE = re.compile(r'src="([^"]+)"')


def weigh(base: str, path: str, *, session: str) -> str:
    """One line: kilobytes as sent (compressed where the server does) and raw."""
    page, sent = fetch(base, path, session=session)
    html = page.decode()
    styles = {first or second for first, second in STYLE.findall(html)}
    parts = {
        "html": (sent, len(page)),
        "css": _sum(base, styles),
        "js": _sum(base, set(SCRIPT.findall(html))),
        "pictures at once": _sum(base, eager(html)),
    }
    words = ", ".join(f"{name} {kb(sent)} sent / {kb(raw)} raw" for name, (sent, raw) in parts.items())
    return f"{words}; in all {kb(sum(sent for sent, _ in parts.values()))} KB sent"


def eager(html: str) -> set[str]:
    """Addresses of the pictures that are loaded at once."""
    tags = [tag for tag in PICTURE.findall(html) if 'loading="lazy"' not in tag]
    return {found[1] for tag in tags if (found := SOURCE.search(tag))}


def cards_of(base: str, path: str, *, session: str) -> int:
    """How many products a page links to: a list that found nothing would be fast."""
    body, _ = fetch(base, path, session=session)
    return len(PRODUCT.findall(body.decode()))


def kb(size: int) -> str:
    return f"{size / 1024:.1f}"


def _sum(base: str, addresses: set[str]) -> tuple[int, int]:
    fetched = [fetch(base, address) for address in addresses]
    return sum(sent for _, sent in fetched), sum(len(body) for body, _ in fetched)


def fetch(base: str, path: str, *, session: str = "") -> tuple[bytes, int]:
    """A body unpacked, and how many bytes it was on the wire."""
    request = urllib.request.Request(urljoin(base, path), headers={"Accept-Encoding": "gzip"})
    if session:
        request.add_header("Cookie", f"session={session}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        wire = answer.read()
        packed = answer.headers.get("Content-Encoding") == "gzip"
    return (gzip.decompress(wire) if packed else wire), len(wire)
