"""The tabs over a list of cases, for the store's inbox and the console's queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise


def queue_tabs(
    views: Mapping[str, Promise], counts: Mapping[str, int], *, current: str, url: str, urgent: str
) -> list[dict[str, Any]]:
    """One tab for each view of the list; the ``urgent`` one stands out while there is anything in it."""
    return [
        {
            "label": label,
            "url": f"{url}?view={name}",
            "count": counts[name],
            "urgent": name == urgent,
            "current": name == current,
        }
        for name, label in views.items()
    ]
