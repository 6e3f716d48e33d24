"""
Acts that ask again who is there, and how surely. One table; ``docs/security.md`` prints it.

A strong proof is a passkey, a one-time password, or two of: the password, a code to the proven phone, a device trusted
for a day. A text message alone is never one: numbers are taken over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.security_tables import table

VALID_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What is confirmed, in words; ``once`` proofs are spent by the act, others last :data:`VALID_FOR`."""

    words: Promise
    is_strong: bool = True
    once: bool = True


PURPOSES: dict[str, Purpose] = {
    "payout_account": Purpose(_("Change where your money goes")),
    "payout": Purpose(_("Send money out")),
    "price_cut": Purpose(_("Lower a price far")),
    "mass_message": Purpose(_("Write to many people at once"), is_strong=False),
    "message_link": Purpose(_("Send a link to another site"), is_strong=False),
    "product_link": Purpose(_("Change a link of a product"), is_strong=False),
    "password": Purpose(_("Change your password")),
    "phone": Purpose(_("Change your phone number")),
    "email": Purpose(_("Change your e-mail address")),
    "factor": Purpose(_("Change your second factor")),
    "device": Purpose(_("Change which devices are trusted"), is_strong=False),
    "device_lock": Purpose(_("Switch the device lock off")),
    "account": Purpose(_("Change the state of your account")),
    "api_token": Purpose(_("Make a key for another system")),
    "sealed_view": Purpose(_("See protected data"), once=False),
    "review": Purpose(_("Decide on a merchant's papers"), once=False),
    "team": Purpose(_("Change who may work in your store"), once=False),
    "staff_money": Purpose(_("Move money as staff")),
    "staff_account": Purpose(_("Act on somebody's account as staff"), once=False),
    "qr": Purpose(_("Sign a computer in"), is_strong=False, once=False),
    "qr_abroad": Purpose(_("Sign a computer in another country in"), once=False),
}


def as_table() -> str:
    """For docs/security.md."""
    minutes = int(VALID_FOR.total_seconds() // 60)
    return table(
        ["act", "", "proof", "counts for"],
        (
            [
                f"`{name}`",
                item.words,
                "strong" if item.is_strong else "any",
                "once" if item.once else f"{minutes} minutes",
            ]
            for name, item in PURPOSES.items()
        ),
    )
