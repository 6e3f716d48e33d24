"""The checklist's steps as words: what each is, why it is asked, what a good answer looks like."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``is_written``: it is filled in here and looked at by a reviewer; else it is seen from what is done."""

    key: str
    label: Promise
    why: Promise
    good: tuple[Promise, ...] = field(default=())
    is_needed: bool = True
    is_written: bool = True


PHOTO = _("Photographed or scanned from above, all four corners in the picture, every word readable, no reflection.")
WHOLE = _("In colour, the whole page, not a photo of a screen, nothing covered or changed.")

STEPS: tuple[Step, ...] = (
    Step(
        "identity",
        _("Who you are"),
        _("Buyers trust a person, not a fancy name. We check that it is you, and keep number and pictures sealed."),
        (PHOTO, _("Both sides of the card; it is valid for at least another month.")),
    ),
    Step(
        "licence",
        _("Business licence"),
        _("The law asks who sells for a business to be registered. Its number is shown on your store's page."),
        (PHOTO, WHOLE, _("Name and number as you typed them, and the two-dimensional code in the corner in sight.")),
    ),
    Step(
        "permits",
        _("What you sell, and its permits"),
        _("Some goods need a permit of their own, such as food or books. We ask only for those of your categories."),
        (WHOLE, _("In the name of the business on the licence, and with the date until which it holds.")),
    ),
    Step(
        "brands",
        _("Brand authorisations"),
        _("Who sells another's brand shows that he may. If you sell only your own or none, save it empty."),
        (WHOLE, _("Signed or stamped by the owner of the brand, naming your business, with its end date.")),
        is_needed=False,
    ),
    Step(
        "account",
        _("Payout account"),
        _("Where released money goes: in the name on the licence or the identity card, so nobody can divert it."),
    ),
    Step(
        "profile",
        _("Store profile"),
        _("The first thing buyers read: your name, who you are, from where you ship."),
    ),
    Step(
        "policies",
        _("Return policy"),
        _("It stands on every product and binds both sides; each order keeps the one it was bought under."),
    ),
    Step(
        "two_factor",
        _("Second factor"),
        _(
            "A stolen password alone then opens nothing: not your orders, not your money. An app on your phone shows a"
            " code that is asked for when you sign in; setting it up takes two minutes."
        ),
        is_written=False,
    ),
    Step(
        "device_lock",
        _("Device lock"),
        _(
            "Text messages can be redirected to a thief. With the lock a code alone lets no new phone or computer in:"
            " one that you have used before, or your second factor, has to agree. One press."
        ),
        is_needed=False,
        is_written=False,
    ),
    Step(
        "product",
        _("First product"),
        _("Write it now; it goes on sale by one click once the store is approved."),
        is_needed=False,
        is_written=False,
    ),
    Step(
        "trial",
        _("Test order"),
        _("Buy from yourself once and see each stop of the money, before a customer's is at stake."),
        is_needed=False,
        is_written=False,
    ),
)
BY_KEY = {step.key: step for step in STEPS}
WRITTEN_HERE = ("identity", "licence", "permits", "brands", "profile", "policies")
