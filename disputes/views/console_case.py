"""A case as its mediator reads it: the claim, everything in order of time, the answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import MemberRequest
from core import clock
from core.guards import mediator
from core.http import actor_of
from core.models import AuditEntry
from core.money import Money
from disputes.forms import WordsForm
from disputes.models import Case, CaseEntry
from disputes.queries import History, case_for_staff, case_with_history
from disputes.services.cases import take as take_case
from disputes.states import MONEY_REMEDIES, CaseStatus, Party
from disputes.views.console import decision_due
from disputes.views.findings import articles_for, findings_of
from disputes.views.pieces import packed_by_parcel, pieces_of, shown
from disputes.views.proposals import split_of
from disputes.views.room_page import ending_of
from disputes.views.thread import lines_of, remedy_words
from flows.case_sentences import status_word
from flows.deal import Deal, back_of, deal
from flows.stories import tell


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the joined timeline. ``source``: order, parcel or case, as a word."""

    at: datetime
    source: str
    tone: str
    title: str
    text: str = ""


@mediator
@require_safe
def case(request: MemberRequest, number: str) -> HttpResponse:
    """Claim, joined timeline and answer."""
    found = case_with_history(number, viewer_id=request.user.pk)
    return render(request, "console/case.html", _context(*found, request, clock.now()))


@mediator
@require_POST
def take(request: MemberRequest, number: str) -> HttpResponse:
    """Become this case's mediator; refused to whoever is a party."""
    taken = take_case(case_id=case_for_staff(number).pk, actor=actor_of(request), now=clock.now())
    if taken.mediator_id == request.user.pk:
        messages.success(request, _("The case is yours. Read both sides, then decide."))
    return redirect("console:case", taken.number)


def _context(row: Case, history: History, request: MemberRequest, now: datetime) -> dict[str, Any]:
    view = deal(order_id=row.order_id, viewer="staff", now=now, order=row.order, case=row, bare=True)
    held = view.hold.rest if view.hold else Money(0, row.currency)
    running = next((clock.due_at for clock in view.deadlines if clock.subject == str(row.pk)), None)
    entries, pieces = list(row.entries.order_by("id")), pieces_of(row)
    is_money = row.want in MONEY_REMEDIES
    return {
        "case": row,
        "deal": view,
        "status": status_word(row, back_of(view.shipments)),
        "held": held,
        "want_words": remedy_words(row.want, row.amount),
        "claim_split": split_of(row.amount, held) if is_money and row.is_open and row.amount <= held else None,
        "due_at": decision_due(row) or running,
        "is_party": request.user.pk in (row.buyer_id, row.order.store.owner_id) or row.viewer_works_there,  # type: ignore[attr-defined]
        "is_mine": row.mediator_id == request.user.pk,
        "can_take": row.status == CaseStatus.MEDIATION and row.mediator_id is None,
        "can_rule": row.status == CaseStatus.MEDIATION and row.mediator_id == request.user.pk,
        "moments": joined(row, view, entries),
        "buyers": shown(piece for piece in pieces if piece.party == Party.BUYER),
        "merchants": shown(piece for piece in pieces if piece.party == Party.MERCHANT),
        "others": shown(piece for piece in pieces if piece.party not in (Party.BUYER, Party.MERCHANT)),
        "offers": offers_of(entries),
        "findings": findings_of(view, packed=packed_by_parcel(pieces)),
        "articles": articles_for(row, view.shipments),
        "say_form": WordsForm(prefix="say", label=_("Write to both sides")) if row.is_open else None,
        "ending": ending_of(row),
        "history": history,
    }


def joined(row: Case, view: Deal, entries: Iterable[CaseEntry]) -> list[Moment]:
    """Order, money, parcels and the case itself in one line of time, oldest first."""
    trail = AuditEntry.objects.filter(order_id=row.order_id).exclude(act__startswith="case.").order_by("id")
    told = tell(trail[:200], viewer="buyer", order=view.order)
    order, parcel_word, case_word = _("Order"), _("Parcel"), _("Case")
    moments = [Moment(line.at, order, "quiet", _said(line.who, line.text)) for line in told]
    for parcel in view.shipments:
        moments += [
            Moment(event.at, parcel_word, "frozen", event.get_status_display(), " · ".join(filter(None, (
                event.display_text, event.display_place))))
            for event in parcel.events.all()
        ]  # fmt: skip
    moments += [
        Moment(line.at, case_word, line.tone, _said(line.who, line.title), line.text)
        for line in lines_of(row, entries, party=Party.PLATFORM)
    ]
    return sorted(moments, key=lambda moment: moment.at)


def _said(who: str, what: str) -> str:
    return _("%(who)s: %(what)s") % {"who": who, "what": what} if what else who


def offers_of(entries: Iterable[CaseEntry]) -> list[tuple[CaseEntry, str]]:
    """Every offer that was made and what it said, newest first, as the room wrote it down."""
    made = [entry for entry in entries if entry.act == "offered"]
    return [
        (entry, remedy_words(entry.facts["remedy"], Money(entry.facts["amount_minor"], entry.facts["currency"])))
        for entry in reversed(made)
    ]
