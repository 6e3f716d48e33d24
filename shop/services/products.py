"""Listings: written, priced, put on the shelf and taken off it."""

from __future__ import annotations

from shop.services.promises import promise_of, publish_version

__all__ = ["promise_of", "publish_version"]
