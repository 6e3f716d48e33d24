"""The money sentence while a case is open: what is frozen, whose turn it is, and where the money goes in silence."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from core.money import Money
from core.policies import rules_of
from core.wording import when
from disputes.models import Case
from disputes.states import MONEY_REMEDIES, CaseStatus
from flows import returns
from flows.facts import BUYER, MERCHANT, STAFF, Facts, Sentence, Voices, voiced
from flows.fulfilment import GOING_BACK
from logistics.models import Shipment
from shop.models import Order
from shop.states import OrderStatus

MEDIATOR, CARRIER, SCAN = "mediator", "carrier", "scan"  # scan: the buyer hands over, the carrier has not said so
CLOCKS = {
    CaseStatus.OPEN: "case.answer_by",
    CaseStatus.OFFERED: "case.escalate_by",
    CaseStatus.REFUSED: "case.escalate_by",
    CaseStatus.RETURN_DUE: "case.return_by",
    CaseStatus.RETURN_SENT: "case.inspect_by",
    CaseStatus.RESEND_DUE: "case.resend_by",
    CaseStatus.MEDIATION: "case.decide_by",
}


def in_case(f: Facts, case: Case) -> Sentence:
    """Say it for one open case and one reader."""
    status = CaseStatus(case.status)
    kind = CLOCKS.get(status, "")
    names = {"amount": held(f), "want": case.amount, "back": agreed(case), "when": f.at(kind)} | _return_names(f)
    voices, needs = _WORDS[status](f, case)
    text = f.voice(voices)
    if status in ENDS_BY_SILENCE:
        text = _("%(first)s %(then)s") % {"first": text, "then": afterwards(f.order, f.parcel, viewer=f.viewer)}
    turn = MEDIATOR if f.viewer == STAFF else f.viewer
    ask = case_act(case, f.back) if f.viewer == MERCHANT else ""
    return Sentence(text % names, "wait" if needs == turn else "safe", f.clock(kind), needs, ask)


def case_act(case: Case, back: Shipment | None) -> str:
    """What a case needs of its merchant now, in a word or two; empty while it is another's turn."""
    if case.status == CaseStatus.OPEN:
        return _("Answer the case")
    if case.status == CaseStatus.RESEND_DUE:
        return _("Send the goods again")
    if case.status == CaseStatus.RETURN_SENT and returns.is_merchants_turn(back):
        return _("Are the goods back?")
    return ""


def status_word(case: Case, back: Shipment | None) -> str:
    """What a case is called; goods are on their way back only once a carrier has them."""
    if case.status == CaseStatus.RETURN_SENT and back is not None and returns.is_unseen(back):
        return _("Return booked, not scanned by the carrier yet")
    return str(case.get_status_display())  # type: ignore[attr-defined]


ENDS_BY_SILENCE = (CaseStatus.OFFERED, CaseStatus.REFUSED, CaseStatus.RETURN_DUE)


def held(f: Facts) -> Money:
    """What is at stake."""
    return f.hold.rest if f.hold else f.order.total


def agreed(case: Case) -> Money:
    """What goes back to the buyer as agreed; until then, as claimed."""
    return Money(case.refund_minor, case.currency) if case.refund_minor is not None else case.amount


def afterwards(order: Order, parcel: Shipment | None, *, viewer: str) -> str:
    """Where ``%(amount)s`` goes once a case has ended without a change; ``parcel``: the one furthest behind."""
    turned = parcel is not None and parcel.status in GOING_BACK
    if order.status != OrderStatus.DELIVERED or turned:
        return _("%(amount)s then stays held as before the case.")
    return voiced(viewer, (
        _("%(amount)s then goes on its way to the merchant, when the rest of the inspection time is over."),
        _("%(amount)s less the fee then goes on its way to you, when the rest of the inspection time is over."),
        _("%(amount)s less the fee then goes on its way to the merchant, when the rest of the inspection time is "
          "over."),
    ))  # fmt: skip


def _return_names(f: Facts) -> dict[str, object]:
    if f.back is None:
        return {}
    arrived = f.back.delivered_at if returns.has_arrived(f.back) else None
    return {
        "arrived": when(arrived) if arrived else "",
        "days": rules_of(f.order.policy_id).inspect_return_hours // 24,
    }


def _open(f: Facts, case: Case) -> tuple[Voices, str]:
    if case.want in MONEY_REMEDIES:
        return (
            _("%(amount)s is frozen. If the merchant does not answer by %(when)s, your claim of %(want)s is accepted."),
            _("%(amount)s is frozen. If you do not answer by %(when)s, the claim of %(want)s is accepted."),
            _("%(amount)s is frozen. If the merchant does not answer by %(when)s, the claim of %(want)s is accepted."),
        ), MERCHANT
    return (
        _("%(amount)s is frozen. If the merchant does not answer by %(when)s, your claim is accepted."),
        _("%(amount)s is frozen. If you do not answer by %(when)s, the claim is accepted."),
        _("%(amount)s is frozen. If the merchant does not answer by %(when)s, the claim is accepted."),
    ), MERCHANT


def _offered(f: Facts, case: Case) -> tuple[Voices, str]:
    return (
        _("The merchant has made an offer; %(amount)s stays frozen. Without your answer by %(when)s the case ends."),
        _("Your offer lies with the buyer; %(amount)s stays frozen. Without his answer by %(when)s the case ends."),
        _("The merchant has made an offer; %(amount)s stays frozen. Without the buyer's answer by %(when)s the case "
          "ends."),
    ), BUYER  # fmt: skip


def _refused(f: Facts, case: Case) -> tuple[Voices, str]:
    return (
        _("The merchant has refused; %(amount)s stays frozen. Call the platform by %(when)s, or the case ends."),
        _("You have refused; %(amount)s stays frozen. The buyer may call the platform until %(when)s, or the case "
          "ends."),
        _("The merchant has refused; %(amount)s stays frozen. The buyer may call the platform until %(when)s, or the "
          "case ends."),
    ), BUYER  # fmt: skip


def _return_due(f: Facts, case: Case) -> tuple[Voices, str]:
    return (
        _("Send the goods back by %(when)s and enter the tracking number; %(back)s is refunded when the merchant has "
          "them. Without a number by then the case ends."),
        _("The buyer sends the goods back by %(when)s; %(amount)s stays frozen. Without a number by then the case "
          "ends."),
        _("The buyer sends the goods back by %(when)s; %(amount)s stays frozen. Without a number by then the case "
          "ends."),
    ), BUYER  # fmt: skip


def _return_sent(f: Facts, case: Case) -> tuple[Voices, str]:
    if f.back is not None and returns.has_arrived(f.back):
        return (
            _("The goods reached the merchant on %(arrived)s. If he says nothing by %(when)s, %(back)s is refunded to "
              "you."),
            _("The returned goods came on %(arrived)s. Check them by %(when)s; without your answer %(back)s is "
              "refunded to the buyer."),
            _("The goods reached the merchant on %(arrived)s. If he says nothing by %(when)s, %(back)s is refunded to "
              "the buyer."),
        ), MERCHANT  # fmt: skip
    if f.back is None or returns.is_by_hand(f.back):
        return (
            _("The goods are on their way back with a carrier that reports nothing. If the merchant says nothing by "
              "%(when)s, %(back)s is refunded to you."),
            _("The goods are on their way back with a carrier that reports nothing. Confirm them or call the platform "
              "by %(when)s; without your answer %(back)s is refunded to the buyer."),
            _("The goods are on their way back with a carrier that reports nothing. If the merchant says nothing by "
              "%(when)s, %(back)s is refunded to the buyer."),
        ), MERCHANT  # fmt: skip
    if returns.is_unseen(f.back):
        return (
            _("You have entered the tracking number of the return, but the carrier has not scanned the parcel yet; "
              "%(amount)s stays frozen. If it has not arrived by %(when)s, the platform decides."),
            _("The buyer has entered the tracking number of the return, but the carrier has not scanned the parcel "
              "yet; %(amount)s stays frozen. If it has not arrived by %(when)s, the platform decides."),
            _("The buyer has entered the tracking number of the return, but the carrier has not scanned the parcel "
              "yet; %(amount)s stays frozen. If it has not arrived by %(when)s, the platform decides."),
        ), SCAN  # fmt: skip
    return (
        _("The goods are on their way back; %(amount)s stays frozen. The merchant has %(days)s days to look from their "
          "delivery; if they have not arrived by %(when)s, the platform decides."),
        _("The goods are on their way back; %(amount)s stays frozen. You have %(days)s days to look from their "
          "delivery; if they have not arrived by %(when)s, the platform decides."),
        _("The goods are on their way back; %(amount)s stays frozen. The merchant has %(days)s days to look from their "
          "delivery; if they have not arrived by %(when)s, the platform decides."),
    ), CARRIER  # fmt: skip


def _resend_due(f: Facts, case: Case) -> tuple[Voices, str]:
    return (
        _("The merchant must send again by %(when)s; otherwise %(amount)s returns to you."),
        _("Send again by %(when)s; otherwise %(amount)s returns to the buyer."),
        _("The merchant must send again by %(when)s; otherwise %(amount)s returns to the buyer."),
    ), MERCHANT


def _mediation(f: Facts, case: Case) -> tuple[Voices, str]:
    text = _("The platform decides by %(when)s; until then %(amount)s does not move.")
    return (text, text, text), MEDIATOR


_WORDS: dict[CaseStatus, Callable[[Facts, Case], tuple[Voices, str]]] = {
    CaseStatus.OPEN: _open,
    CaseStatus.OFFERED: _offered,
    CaseStatus.REFUSED: _refused,
    CaseStatus.RETURN_DUE: _return_due,
    CaseStatus.RETURN_SENT: _return_sent,
    CaseStatus.RESEND_DUE: _resend_due,
    CaseStatus.MEDIATION: _mediation,
}
