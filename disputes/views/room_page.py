"""Everything the case room shows, for one seat: money first, then whose turn, then what can be done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _

from core.money import Money
from core.wording import when
from disputes.forms import EvidenceForm, OfferForm, ParcelForm, WordsForm
from disputes.models import Case, Offer
from disputes.rulebook import article
from disputes.states import CaseStatus, Party, Remedy
from disputes.views.findings import findings_of
from disputes.views.pieces import packed_by_parcel, pieces_of, shown
from disputes.views.proposals import claim, proposal, split_of
from disputes.views.seats import Seat
from disputes.views.thread import lines_of, remedy_words
from flows.aftersale import may_escalate
from flows.case_sentences import ENDS_BY_SILENCE, afterwards, status_word
from flows.deal import Deal, back_of, deal, furthest_behind
from logistics.queries import all_carriers, carriers_for
from shop.models import Order
from shop.states import Kind

TALKING = (CaseStatus.OPEN, CaseStatus.OFFERED, CaseStatus.REFUSED, CaseStatus.MEDIATION)
MAY_WITHDRAW = (CaseStatus.OPEN, CaseStatus.OFFERED, CaseStatus.REFUSED, CaseStatus.RETURN_DUE, CaseStatus.RESEND_DUE,
                CaseStatus.MEDIATION)  # fmt: skip
ALL_REMEDIES = (Remedy.REFUND, Remedy.PARTIAL, Remedy.RETURN, Remedy.EXCHANGE, Remedy.RESEND)
Bound = dict[str, forms.Form | str]  # forms that were refused, and which one to open


def remedies_for(case: Case | None, *, order: Order) -> tuple[str, ...]:
    """What may be asked or offered: money only for codes, while nothing is shipped, or once the platform decides."""
    if order.kind == Kind.CODE and order.delivered_at is not None:
        return (Remedy.REFUND, Remedy.PARTIAL)
    if order.shipped_at is None:
        return (Remedy.REFUND,) if case is None else (Remedy.REFUND, Remedy.PARTIAL)
    if case is not None and case.status == CaseStatus.MEDIATION:
        return (Remedy.REFUND, Remedy.PARTIAL)
    return ALL_REMEDIES


def offer_form(seat: Seat, held: Money, data: Any = None) -> OfferForm:
    return OfferForm(data, remedies=remedies_for(seat.case, order=seat.case.order), held=held, prefix="offer")


def parcel_form(seat: Seat, data: Any = None) -> ParcelForm:
    """Buyers may send back with any carrier, merchants send with those they have a contract with."""
    carriers = all_carriers() if seat.mine else carriers_for(seat.case.store_id)
    return ParcelForm(data, carriers=carriers, prefix="parcel")


def room_context(seat: Seat, *, now: datetime, bound: Bound | None = None) -> dict[str, Any]:
    """What templates/disputes/room.html reads. ``bound``: a form that was refused, by name."""
    case = seat.case
    view = deal(order_id=case.order_id, viewer=seat.party, now=now, order=case.order, case=case, bare=True)
    held = view.hold.rest if view.hold else Money(0, case.currency)
    offers = list(case.offers.order_by("-created_at", "-pk")) if case.status in TALKING else []
    theirs = next((offer for offer in offers if offer.status == "open" and offer.party != seat.party), None)
    clock = next((row for row in view.deadlines if row.subject == str(case.pk)), None) if case.is_open else None
    pieces = pieces_of(case)
    context = {
        "case": case,
        "seat": seat,
        "deal": view,
        "held": held,
        "opening": _opening(seat, view),
        "turn": _turn(seat, view),
        "status": status_word(case, back_of(view.shipments)),
        "claim": claim(seat, held, theirs),
        "offers": [proposal(seat, offer, held) for offer in offers],
        "answerable": _answerable(seat, theirs),
        "lines": lines_of(case, case.entries.order_by("id"), party=seat.party),
        "evidence": shown(piece for piece in pieces if piece.kind == "evidence"),
        "packing": shown(piece for piece in pieces if piece.kind == "packed"),
        "findings": findings_of(view, packed=packed_by_parcel(pieces)),
        "silence": _silence(seat, view, when(clock.due_at)) if clock else "",
        "may": _may(seat, theirs),
        "refusing": _refusing(view, now=now),
        "escalate_when": _escalate_when(seat, when(clock.due_at) if clock else ""),
        "ending": ending_of(case),
    }
    return context | _forms(seat, held) | (bound or {})


def _forms(seat: Seat, held: Money) -> dict[str, Any]:
    case = seat.case
    if not case.is_open:
        return {}
    needs_parcel = (seat.mine and case.status == CaseStatus.RETURN_DUE) or (
        not seat.mine and case.status == CaseStatus.RESEND_DUE
    )
    return {
        "say_form": WordsForm(prefix="say"),
        "evidence_form": EvidenceForm(prefix="evidence"),
        "offer_form": offer_form(seat, held) if case.status in TALKING else None,
        "refuse_form": WordsForm(prefix="refuse", label=_("Why not"), required=not seat.mine),
        "escalate_form": WordsForm(prefix="escalate", label=_("What the platform should know"), required=False),
        "parcel_form": parcel_form(seat) if needs_parcel else None,
    }


def _may(seat: Seat, theirs: Offer | None) -> dict[str, bool]:
    """What this seat may do now; the flows ask again."""
    case, mine = seat.case, seat.mine
    open_, status = case.is_open, case.status
    merchant = seat.party == Party.MERCHANT
    return {
        "talk": open_,
        "offer": open_ and status in TALKING and (mine or merchant),
        "refuse": (merchant and status == CaseStatus.OPEN)
        or (mine and status == CaseStatus.OFFERED and theirs is not None),
        "escalate": may_escalate(case, seat.party),
        "withdraw": mine and status in MAY_WITHDRAW,
        "send_back": mine and status == CaseStatus.RETURN_DUE,
        "goods_back": merchant and status == CaseStatus.RETURN_SENT,
        "resend": merchant and status == CaseStatus.RESEND_DUE,
    }


def _answerable(seat: Seat, theirs: Offer | None) -> bool:
    """Whether the other side's open offer can still be taken: once the platform decides, only one of money can."""
    if theirs is None or not seat.case.is_open or seat.case.status not in TALKING:
        return False
    return seat.case.status != CaseStatus.MEDIATION or theirs.remedy in (Remedy.REFUND, Remedy.PARTIAL)


def _opening(seat: Seat, view: Deal) -> dict[str, Any]:
    """The money sentence of the room; a closed case first says how it ended."""
    case, said = seat.case, view.sentence
    if case.is_open and view.case is not None and view.case.pk == case.pk:
        tone = {"safe": "frozen"}.get(said.tone, said.tone)
        return {"text": said.text, "tone": tone, "clock": said.clock, "detail": ""}
    ended = _("This case ended on %(when)s: %(how)s.") % {
        "when": when(case.closed_at) if case.closed_at else "",
        "how": case.get_status_display(),
    }
    return {"text": ended, "tone": "done", "clock": None, "detail": said.text}


def _turn(seat: Seat, view: Deal) -> str:
    if not seat.case.is_open:
        return ""
    needs = view.sentence.needs
    if needs == seat.party:
        return _("It is your turn.")
    return {
        "buyer": _("It is the buyer's turn."),
        "merchant": _("It is the merchant's turn."),
        "mediator": _("The platform's mediator is looking at it."),
        "carrier": _("The goods are with the carrier."),
        "scan": _("The carrier has not scanned the return parcel yet."),
    }.get(needs, "")


def _silence(seat: Seat, view: Deal, at: str) -> str:
    """What happens by itself, in the voice of this seat."""
    case, mine = seat.case, seat.mine
    if case.status == CaseStatus.RETURN_SENT:
        return ""  # the first sentence of the page says it, by carrier
    names = {"when": at, "terms": remedy_words(case.want, case.amount)}
    words = {
        CaseStatus.OPEN: (
            _("If the merchant does nothing by %(when)s, your claim is accepted: %(terms)s."),
            _("If you do nothing by %(when)s, the claim is accepted: %(terms)s."),
        ),
        CaseStatus.OFFERED: (
            _("If you do nothing by %(when)s, the case ends."),
            _("If the buyer does nothing by %(when)s, the case ends."),
        ),
        CaseStatus.RETURN_DUE: (
            _("If you send nothing back by %(when)s, the case ends."),
            _("If the buyer sends nothing back by %(when)s, the case ends."),
        ),
        CaseStatus.RESEND_DUE: (
            _("If nothing is sent by %(when)s, everything that is held is refunded to you."),
            _("If you send nothing by %(when)s, everything that is held is refunded to the buyer."),
        ),
        CaseStatus.MEDIATION: (
            _("Nothing moves by itself. Add what you can prove; the decision is due on %(when)s."),
            _("Nothing moves by itself. Add what you can prove; the decision is due on %(when)s."),
        ),
    }
    words[CaseStatus.REFUSED] = words[CaseStatus.OFFERED]
    pair = words.get(CaseStatus(case.status), ("", ""))
    text = (pair[0] if mine else pair[1]) % names
    if case.status not in ENDS_BY_SILENCE or view.hold is None:
        return text
    then = afterwards(view.order, furthest_behind(view.shipments), viewer=seat.party)
    return _("%(first)s %(then)s") % {"first": text, "then": then % {"amount": view.hold.rest}}


def _refusing(view: Deal, *, now: datetime) -> str:
    """What a buyer's no leads to, said beside the button."""
    rules = view.rules
    hours = rules.answer_shipped_hours if view.order.shipped_at else rules.answer_unshipped_hours
    return _("If you refuse, it is the store's turn again, until %(when)s at the latest. You may call the platform at "
             "any time instead.") % {"when": when(now + timedelta(hours=hours))}  # fmt: skip


def _escalate_when(seat: Seat, at: str) -> str:
    """Why the platform cannot be called yet, and when it can."""
    case = seat.case
    if case.status == CaseStatus.OPEN and seat.mine:
        return _("You can call the platform as soon as the merchant has answered. He has until %(when)s; if he stays "
                 "silent, your claim is accepted without it.") % {"when": at}  # fmt: skip
    if case.status == CaseStatus.MEDIATION:
        return _("The platform has been called and decides by %(when)s.") % {"when": at}
    if case.is_open:
        return _("What you agreed on is under way. If it fails by %(when)s, its printed consequence follows.") % {
            "when": at
        }
    return ""


def ending_of(case: Case) -> dict[str, Any] | None:
    """The ruling with its article and split; nothing for cases that ended otherwise."""
    ruling = getattr(case, "ruling", None) if case.status == CaseStatus.RULED else None
    if ruling is None:
        return None
    rule = article(ruling.article)
    return {
        "ruling": ruling,
        "article": rule,
        "rule_url": f"{reverse('pages:rules')}#article-{ruling.article}",
        "fault": Party(ruling.fault).label,
        "split": split_of(Money(ruling.refund_minor, ruling.currency), Money(ruling.held_minor, ruling.currency)),
    }
