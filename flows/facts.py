"""What the money sentence is made of, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from core.models import Deadline
from core.money import Money
from core.wording import when
from disputes.models import Case
from escrow.models import Hold, Refund
from logistics.models import Shipment
from shop.models import Order

BUYER, MERCHANT, STAFF = "buyer", "merchant", "staff"
Voices = tuple[str, str, str]  # one sentence as the buyer, the merchant and the platform's staff read it


def voiced(viewer: str, words: Voices) -> str:
    """The words meant for one reader."""
    return words[(BUYER, MERCHANT, STAFF).index(viewer)]


@dataclass(frozen=True, slots=True)
class Clock:
    """When something happens by itself; ``reason`` says why a paused one stands still."""

    kind: str
    due_at: datetime
    paused: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """``tone``: safe (green), wait (amber: somebody is waiting for you), danger (red), done (quiet)."""

    text: str
    tone: str
    clock: Clock | None = None
    needs: str = ""  # who must act: buyer, merchant, mediator, carrier, scan, or nobody
    ask: str = ""  # what a case needs of its merchant, in a word or two


@dataclass(frozen=True, slots=True)
class Facts:
    """What a sentence is made of; loaded by flows.deal."""

    order: Order
    viewer: str
    now: datetime
    hold: Hold | None = None
    case: Case | None = None
    parcel: Shipment | None = None  # the one on its way to the buyer
    back: Shipment | None = None  # the one on its way to the merchant
    problem: Money | None = None  # money that arrived and does not fit
    refund: Refund | None = None  # what went back: of the hold, or of money that did not fit
    clocks: Mapping[str, Deadline] = field(default_factory=dict)

    @property
    def mine(self) -> bool:
        return self.viewer == BUYER

    def voice(self, words: Voices) -> str:
        """The words meant for this reader."""
        return voiced(self.viewer, words)

    def clock(self, kind: str) -> Clock | None:
        row = self.clocks.get(kind)
        if row is None:
            return None
        reasons = {
            "case": _("an after-sale case is open"), "parcel": _("there is a problem with the parcel"),
            "chargeback": _("the payer's bank has taken the money back"),
        }  # fmt: skip
        return Clock(kind, row.due_at, row.paused_at is not None, reasons.get(row.pause_reason, row.pause_reason))

    def at(self, kind: str) -> str:
        row = self.clocks.get(kind)
        return when(row.due_at) if row else ""
