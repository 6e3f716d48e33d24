"""The public rules by which cases are decided (D2). Rulings name an article; ``/rules/`` prints them all."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

from disputes.services import pace


def _numbered(text: Promise, **numbers: int) -> str:
    return str(text) % numbers


numbered = lazy(_numbered, str)


@dataclass(frozen=True, slots=True)
class Article:
    """One rule. ``number`` is stable: rulings on record refer to it."""

    number: str
    title: Promise
    text: Promise | str


ARTICLES: tuple[Article, ...] = (
    Article("1.1", _("Not shipped"), _("Goods that the carrier has not scanned by the printed date are refunded "
        "in full.")),
    Article("2.1", _("Not received"), _(
        "If the carrier has no proof that the parcel reached the buyer or somebody he named, the buyer is "
        "refunded in full; "
        "the loss is a matter between merchant and carrier.")),
    Article("2.2", _("Received with proof"), _(
        "If the carrier proves delivery to the recipient at the address of the order, a claim of not having "
        "received it "
        "fails, unless the buyer shows that the proof is wrong.")),
    Article("2.3", _("Left with somebody else"), _(
        "A parcel left with a neighbour, at a door or in a locker without the buyer's consent does not count as "
        "received "
        "until the buyer has it.")),
    Article("3.1", _("Not as described"), _(
        "What was promised on the listing at the time of purchase binds. If the goods differ in what matters, "
        "the buyer may "
        "send them back at the merchant's cost for a full refund.")),
    Article("3.2", _("Smaller faults"), _(
        "If the goods can be used in spite of the fault and the buyer keeps them, he is refunded the part of "
        "the price by "
        "which they are worth less.")),
    Article("3.3", _("Damaged on the way"), _(
        "Damage between packing and delivery is not the buyer's. Photos and weight from packing, and the "
        "carrier's record, "
        "decide between merchant and carrier.")),
    Article("4.1", _("Changed mind"), _(
        "The return policy printed on the listing at purchase binds both sides; return shipping is the buyer's "
        "unless it "
        "says otherwise.")),
    Article("4.2", _("Goods sent back"), _(
        "The store's time to look at returned goods runs from the day the carrier delivers them. Goods that have not "
        "arrived within the promised time and the time to look are nobody's silence: we decide. A carrier that reports "
        "nothing is taken to have delivered at the end of its promised time, no sooner.")),
    Article("5.1", _("Silence"), _(
        "Who does not answer in the printed time has accepted what the page said would follow.")),
    Article("5.2", _("Both at fault"), _(
        "If both sides have contributed, the held money is split in proportion, to the minor unit, with the "
        "reasons given.")),
    Article("5.3", _("Pace"), numbered(_(
        "Nobody has to read a flood. A member may write %(words)s messages and add %(pieces)s pieces of evidence in "
        "ten minutes, make %(offers)s offers in a case within a day, and open %(cases)s cases within a day."),
        words=pace.WORDS, pieces=pace.EVIDENCE, offers=pace.OFFERS, cases=pace.CASES)),
    Article("6.1", _("Codes not opened"), _(
        "A code that nobody has opened on this platform counts as unused: within the printed time it is refunded "
        "in full. It may be sold again, because nobody has seen it.")),
    Article("6.2", _("Codes opened"), _(
        "Opening a code counts as using it; time and device are on record. It is refunded or replaced only if it did "
        "not do what was promised: refused by its issuer, used before it was opened, or expired. The store must show "
        "what its issuer says of it.")),
    Article("6.3", _("Codes not delivered"), _(
        "Codes come with the payment. Who has paid and has none within minutes may cancel at once, and after an hour "
        "everything returns by itself.")),
)  # fmt: skip

NUMBERS = tuple(article.number for article in ARTICLES)


def article(number: str) -> Article | None:
    """The article of this number."""
    return next((item for item in ARTICLES if item.number == number), None)
