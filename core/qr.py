"""QR codes as images that a page carries within itself: nothing to fetch, nothing that a cache could keep."""

from __future__ import annotations

from base64 import b64encode

import qrcode
from qrcode.image.svg import SvgPathFillImage

QUIET_MODULES = 4  # ISO/IEC 18004: without this white border readers do not find the code


def as_image(text: str) -> str:
    """
    Draw a text as a ``data:`` address of an SVG, for ``img src``: black on white in the dark scheme as well.

    Up to 15 % of it may be hidden. For what a wallet scans; some 2,000 letters at most.
    """
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=QUIET_MODULES, image_factory=SvgPathFillImage)
    code.add_data(text)
    return "data:image/svg+xml;base64," + b64encode(code.make_image().to_string()).decode()
