"""Numbers of the merchant's office that add up."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from escrow.queries import MerchantMoney


def money_tiles(money: MerchantMoney) -> list[dict[str, Any]]:
    """Held, frozen, arriving, available and their sum; each leads to the list that stands behind it."""
    page = reverse("merchant:money")
    return [
        {"label": _("Held"), "amount": money.held, "note": _("until the buyer confirms"), "url": f"{page}#held",
         "icon_name": "lock"},
        {"label": _("Frozen"), "amount": money.frozen, "note": _("by after-sale cases"), "url": f"{page}#frozen",
         "icon_name": "snow", "tone": "frozen" if money.frozen else "", "op": "+"},
        {"label": _("Arriving"), "amount": money.arriving, "note": _("on its way to your bank"),
         "url": f"{page}#payouts", "icon_name": "arrow-right", "op": "+"},
        {"label": _("Available"), "amount": money.available, "note": _("goes with the next payout"),
         "url": f"{page}#account", "icon_name": "wallet", "tone": "safe" if money.available else "", "op": "+"},
        {"label": _("Total"), "amount": money.total, "note": _("held and frozen before the fee"), "sum": True,
         "op": "="},
    ]  # fmt: skip
