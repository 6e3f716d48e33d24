"""The buyer's case room, and the acts of both parties in it; the flows ask again who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.confirming import ensure
from accounts.requests import MemberRequest
from accounts.services.step_up import Act, digest_of
from core import clock
from core.errors import Invalid, TooMany
from core.guards import member
from core.http import actor_of
from core.links import Prove
from core.money import Money
from disputes.forms import EvidenceForm, WordsForm
from disputes.queries import case_for_buyer
from disputes.states import Party
from disputes.views.room_page import offer_form, parcel_form, room_context
from disputes.views.seats import Seat, seat_of
from escrow.queries import hold_of
from flows import aftersale

PAGES = {Party.BUYER: "disputes/case.html", Party.MERCHANT: "merchant/case.html"}


@member
@require_safe
def case(request: MemberRequest, number: str) -> HttpResponse:
    """One claim: money, whose turn, offers, words, evidence."""
    seat = Seat(case_for_buyer(request.user.pk, number), Party.BUYER, actor_of(request))
    return render(request, PAGES[Party.BUYER], room_context(seat, now=clock.now()))


@member
@require_POST
def say(request: MemberRequest, number: str) -> HttpResponse:
    """Write to the other side."""
    seat = seat_of(number, actor_of(request))
    form = WordsForm(request.POST, prefix="say")
    return _act(
        request,
        seat,
        "say_form",
        form,
        _("Your message is in the case room."),
        lambda data, who: aftersale.say(text=data["text"], prove=_asks_for_links(request, seat), **who),
    )


@member
@require_POST
def evidence(request: MemberRequest, number: str) -> HttpResponse:
    """Lay a picture or a statement before the other side."""
    seat = seat_of(number, actor_of(request))
    form = EvidenceForm(request.POST, request.FILES, prefix="evidence")
    done = _("Your evidence is in the case; the other side sees it too.")
    return _act(
        request,
        seat,
        "evidence_form",
        form,
        done,
        lambda data, who: aftersale.add_evidence(file=data["file"], shows=data["shows"], **who),
    )


@member
@require_POST
def offer(request: MemberRequest, number: str) -> HttpResponse:
    """Propose how to settle."""
    seat = seat_of(number, actor_of(request))
    form = offer_form(seat, _held(seat), request.POST)
    return _act(
        request,
        seat,
        "offer_form",
        form,
        _("Your offer lies with the other side."),
        lambda data, who: aftersale.offer(remedy=data["remedy"], amount=data["amount"], text=data["text"], **who),
    )


@member
@require_POST
def accept(request: MemberRequest, number: str) -> HttpResponse:
    """Agree to what the other side wants or offers."""
    seat = seat_of(number, actor_of(request))
    terms = request.POST.get("terms", "")
    aftersale.accept(case_id=seat.case.pk, actor=seat.actor, now=clock.now(), terms=terms)
    messages.success(request, _("Agreed. What follows stands at the top of this page."))
    return redirect(seat.url)


@member
@require_POST
def refuse(request: MemberRequest, number: str) -> HttpResponse:
    """Say no, with reasons."""
    seat = seat_of(number, actor_of(request))
    form = WordsForm(request.POST, prefix="refuse", label=_("Why not"), required=not seat.mine)
    return _act(
        request,
        seat,
        "refuse_form",
        form,
        _("You have refused."),
        lambda data, who: aftersale.refuse(text=data["text"], **who),
    )


@member
@require_POST
def escalate(request: MemberRequest, number: str) -> HttpResponse:
    """Call the platform."""
    seat = seat_of(number, actor_of(request))
    form = WordsForm(request.POST, prefix="escalate", required=False)
    done = _("The platform has been called. Add what you can prove.")
    return _act(
        request, seat, "escalate_form", form, done, lambda data, who: aftersale.escalate(text=data["text"], **who)
    )


@member
@require_POST
def withdraw(request: MemberRequest, number: str) -> HttpResponse:
    """Take the claim back."""
    seat = seat_of(number, actor_of(request))
    aftersale.withdraw(case_id=seat.case.pk, actor=seat.actor, now=clock.now())
    messages.success(request, _("You have taken the claim back. The order goes on as before."))
    return redirect(seat.url)


@member
@require_POST
def send_back(request: MemberRequest, number: str) -> HttpResponse:
    """Buyer: the goods are on their way back."""
    seat = seat_of(number, actor_of(request))
    form = parcel_form(seat, request.POST)
    done = _("Thank you. The merchant's time to look starts when the parcel arrives.")
    return _act(
        request,
        seat,
        "parcel_form",
        form,
        done,
        lambda data, who: aftersale.send_back(carrier_code=data["carrier"], number=data["number"], **who),
    )


@member
@require_POST
def goods_back(request: MemberRequest, number: str) -> HttpResponse:
    """Merchant: the goods are back, the buyer gets his money."""
    seat = seat_of(number, actor_of(request))
    aftersale.goods_back(case_id=seat.case.pk, actor=seat.actor, now=clock.now())
    back = Money(seat.case.refund_minor or 0, seat.case.currency)
    messages.success(request, _("Received. %(amount)s goes back to the buyer.") % {"amount": back})
    return redirect(seat.url)


@member
@require_POST
def resend(request: MemberRequest, number: str) -> HttpResponse:
    """Merchant: the replacement is on its way."""
    seat = seat_of(number, actor_of(request))
    form = parcel_form(seat, request.POST)
    done = _("Sent again. The case is closed and delivery starts anew.")
    return _act(
        request,
        seat,
        "parcel_form",
        form,
        done,
        lambda data, who: aftersale.resend(carrier_code=data["carrier"], number=data["number"], **who),
    )


Do = Callable[[dict[str, Any], dict[str, Any]], object]


def _act(request: MemberRequest, seat: Seat, name: str, form: forms.Form, done: str, do: Do) -> HttpResponse:
    """Do it, or show the room again with what was written and why it was refused."""
    now, status = clock.now(), 400
    if form.is_valid():
        try:
            do(form.cleaned_data, {"case_id": seat.case.pk, "actor": seat.actor, "now": now})
        except (Invalid, TooMany) as refusal:
            form.add_error(None, refusal.message)
            status = refusal.status
        else:
            messages.success(request, done)
            return redirect(seat.url)
    if seat.party == Party.PLATFORM:
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return redirect(seat.url)
    context = room_context(seat_of(seat.case.number, seat.actor), now=now, bound={name: form, "open_form": name})
    return render(request, PAGES[Party(seat.party)], context, status=status)


def _asks_for_links(request: MemberRequest, seat: Seat) -> Prove:
    """A merchant's link is sent after a proof for these words in this case."""
    return lambda said: ensure(request, Act("message_link", target=digest_of(seat.case.pk, said.text)))


def _held(seat: Seat) -> Money:
    hold = hold_of(seat.case.order_id)
    return hold.rest if hold else Money(0, seat.case.currency)
