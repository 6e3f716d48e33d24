"""
What people should know to stay safe, as one table: each sentence where it matters, and all of them on ``/safety/``.

``{% tips "pay" %}`` shows those of a place. A new place is a new word in the column; a test finds tips shown nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Tip:
    """``topic``: under which heading of the page; ``place``: where it is shown besides, empty for the page alone."""

    code: str
    topic: str
    place: str
    words: Promise

    @property
    def text(self) -> str:
        return str(self.words) % {"host": urlsplit(settings.SITE_URL).netloc, "site": settings.SITE_NAME}


TOPICS: dict[str, Promise] = {
    "phishing": _("Is it really us?"),
    "codes": _("Codes and passwords"),
    "money": _("Pay here, be paid here"),
    "devices": _("Your devices"),
    "stores": _("If you have a store"),
}
TIPS: tuple[Tip, ...] = (
    Tip(
        "address", "phishing", "",
        _("We are at %(host)s and nowhere else. In doubt follow no link: type the address yourself."),
    ),
    Tip(
        "haste", "phishing", "",
        _("Haste is the mark of fraud: “at once, or your account will be closed”. What really runs out stands on your"
          " orders, with its time."),
    ),
    Tip(
        "staff", "phishing", "",
        _("Our staff write in your messages here. They never call you for a code, never ask for a payment, and never"
          " need to see your screen."),
    ),
    Tip(
        "prize", "phishing", "qr_approve",
        _("No prize, refund or parcel needs a code to be scanned. Whoever showed it to you is signed in as you once you"
          " agree."),
    ),
    Tip(
        "device_code", "codes", "device_check",
        _("Tell a sign-in code to nobody. Whoever asks for it, on the phone or in a chat, wants to sign in as you."),
    ),
    Tip(
        "password", "codes", "",
        _("Use a password that you use nowhere else. A passkey is better still: a false page can do nothing with it."),
    ),
    Tip(
        "card_key", "codes", "codes",
        _("Whoever sees a code can spend it. Put it into no chat and no picture; if it does not work, say so on the"
          " order, where we can see when it was opened."),
    ),
    Tip(
        "api_key", "codes", "api_key",
        _("A key for another system acts in your name. Give it the smallest role that will do, send it in no message,"
          " and revoke it when the work is done."),
    ),
    Tip(
        "pay_here", "money", "pay",
        _("Pay on this site alone. A seller who wants a transfer to a private account, for a discount or because"
          " “the system is down”, takes you out of our protection."),
    ),
    Tip(
        "settle_here", "money", "case_room",
        _("Settle a case here. What is paid by transfer, red packet or another app we can neither see nor get back, and"
          " no case is decided by it."),
    ),
    Tip(
        "cheap", "money", "",
        _("A price far below all others is a reason to read twice: what is promised, and how long the store has been"
          " here."),
    ),
    Tip(
        "known_devices", "devices", "",
        _("Look through your devices now and then, and revoke what you do not know. With the device lock a code alone"
          " lets no new one in."),
    ),
    Tip(
        "screen", "devices", "",
        _("Let nobody see or steer your screen while you sign in or pay, however friendly the voice."),
    ),
    Tip(
        "payout_account", "stores", "payout_account",
        _("We never ask you to change your payout account or to try it out with a transfer. A message that says so is"
          " not ours: report it."),
    ),
    Tip(
        "store_free", "stores", "merchant_start",
        _("Opening a store costs nothing. Whoever wants a fee for opening it, for a quicker review or for “activation”"
          " is not of ours."),
    ),
    Tip(
        "store_locks", "stores", "merchant_start",
        _("Stores are stolen for their payouts. A second factor and the device lock take two minutes; switch them on"
          " before the first sale."),
    ),
)  # fmt: skip


def tips_at(place: str) -> list[Tip]:
    """Those of one place, in the order of the table."""
    return [tip for tip in TIPS if tip.place == place]


def by_topic() -> list[tuple[str, Promise, list[Tip]]]:
    """All of them under their headings."""
    return [(key, words, [tip for tip in TIPS if tip.topic == key]) for key, words in TOPICS.items()]
