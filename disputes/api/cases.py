"""After-sale: a claim, what both sides answer, and the platform's decision."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import parsers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.step_up import ensure
from accounts.services.step_up import ruling_act
from core import clock
from core.actor import Actor
from core.api import Door, JsonParser, OnceMixin, member_of, read
from core.api_fields import Nothing, same_currency
from core.errors import Invalid, NotFound
from core.http import actor_of
from core.money import Money
from disputes.api import shapes
from disputes.errors import CannotWant
from disputes.models import CaseEntry
from disputes.queries import clocks_of
from disputes.services.cases import take
from disputes.states import Remedy
from disputes.views.room_page import remedies_for
from disputes.views.seats import Seat, seat_of
from escrow.queries import hold_of
from flows import aftersale
from shop.queries.orders import order_for_buyer

MOST_ENTRIES = 500
MAX_UPLOAD = 11 * 2**20


def answer(request: Request, seat: Seat, *, code: int = 200) -> Response:
    """The case as it stands now, for who asks; seven queries."""
    seat = seat_of(seat.case.number, seat.actor)
    case, hold = seat.case, hold_of(seat.case.order_id)
    shown = {
        "case": case,
        "party": seat.party,
        "held": hold.rest if hold else Money(0, case.currency),
        "clock": clocks_of([case.pk]).get(case.pk) if case.is_open else None,
        "offers": case.offers.order_by("created_at", "pk"),
        "evidence": case.evidence.order_by("created_at", "pk"),
        "entries": CaseEntry.objects.filter(case=case).order_by("id")[:MOST_ENTRIES],
        "ruling": getattr(case, "ruling", None),
    }
    return Response(shapes.CaseShape(shown, context={"request": request}).data, status=code)


def about(seat: Seat) -> dict[str, Any]:
    """Which case, who acts and when: what every act of the flows wants."""
    return {"case_id": seat.case.pk, "actor": seat.actor, "now": clock.now()}


def check_remedy(remedy: str, amount: Money | None, *, allowed: tuple[str, ...], currency: str) -> None:
    """
    Refuse what makes no sense before it is written down.

    :raises CannotWant: if only money can still move
    :raises Invalid: for a partial refund without an amount, or an amount without a partial refund
    """
    same_currency(amount, currency)
    if remedy not in allowed:
        raise CannotWant
    if (remedy == Remedy.PARTIAL) != (amount is not None):
        raise Invalid(fields={"amount": _("Goes with a partial refund, and only with that.")})


class Cases(OnceMixin):
    """Claims on an order."""

    limit = "case"

    @extend_schema(operation_id="openCase", tags=["cases"], request=shapes.CaseInput, responses={201: shapes.CaseShape})
    def post(self, request: Request, number: str) -> Response:
        """Open a claim: the order's money is frozen at once, and the merchant has a printed time to answer."""
        order, actor = order_for_buyer(member_of(request), number), actor_of(request)
        said = read(shapes.CaseInput, request)
        allowed = remedies_for(None, order=order)
        check_remedy(said["want"], said["amount"], allowed=allowed, currency=order.currency)
        case = aftersale.open_case(order_id=order.pk, photos=(), actor=actor, now=clock.now(), **said)
        return answer(request, seat_of(case.number, actor), code=status.HTTP_201_CREATED)


class CaseByNumber(Door):
    """One case."""

    @extend_schema(operation_id="getCase", tags=["cases"], responses={200: shapes.CaseShape})
    def get(self, request: Request, number: str) -> Response:
        """For its buyer, its merchant and mediators: money, whose turn, offers, words, evidence."""
        return answer(request, seat_of(number, actor_of(request)))


class Act(OnceMixin):
    """Something a party does in a case; the flows say who may."""

    limit = "words"
    takes: ClassVar[type[Any]] = Nothing

    def act(self, seat: Seat, said: dict[str, Any]) -> None:
        raise NotImplementedError

    def do(self, request: Request, number: str) -> Response:
        seat = seat_of(number, actor_of(request))
        self.act(seat, read(self.takes, request))
        return answer(request, seat)


class Offers(Act):
    takes = shapes.OfferInput

    def act(self, seat: Seat, said: dict[str, Any]) -> None:
        allowed = remedies_for(seat.case, order=seat.case.order)
        check_remedy(said["remedy"], said["amount"], allowed=allowed, currency=seat.case.currency)
        aftersale.offer(**said, **about(seat))

    @extend_schema(
        operation_id="makeOffer", tags=["cases"], request=shapes.OfferInput, responses={200: shapes.CaseShape}
    )
    def post(self, request: Request, number: str) -> Response:
        """Propose how to settle; it replaces the open offer and passes the turn to the other side."""
        return self.do(request, number)


class Evidence(Door):
    """What a party lays before the other and the mediator."""

    limit = "words"
    parser_classes = (JsonParser, parsers.MultiPartParser)
    max_bytes = MAX_UPLOAD

    @extend_schema(
        operation_id="addEvidence", tags=["cases"], responses={201: shapes.CaseShape},
        request={"multipart/form-data": shapes.EvidenceInput, "application/json": shapes.WordsOnly},
    )  # fmt: skip
    def post(self, request: Request, number: str) -> Response:
        """Add a picture, a sentence, or both. Pictures are re-encoded; the digest is of what arrived."""
        seat, said = seat_of(number, actor_of(request)), read(shapes.EvidenceInput, request)
        aftersale.add_evidence(file=said["file"], shows=said["shows"], **about(seat))
        return answer(request, seat, code=status.HTTP_201_CREATED)


class Accept(Act):
    takes = shapes.AcceptInput

    def act(self, seat: Seat, said: dict[str, Any]) -> None:
        aftersale.accept(terms=said["terms"], **about(seat))

    @extend_schema(
        operation_id="acceptOffer", tags=["cases"], request=shapes.AcceptInput, responses={200: shapes.CaseShape}
    )
    def post(self, request: Request, number: str) -> Response:
        """Agree to the other side's open offer, or as the merchant to the claim; it is carried out at once."""
        return self.do(request, number)


class Refuse(Act):
    takes = shapes.MaybeWordsInput

    def act(self, seat: Seat, said: dict[str, Any]) -> None:
        aftersale.refuse(text=said["text"], **about(seat))

    @extend_schema(
        operation_id="refuseOffer", tags=["cases"], request=shapes.MaybeWordsInput, responses={200: shapes.CaseShape}
    )
    def post(self, request: Request, number: str) -> Response:
        """Say no, with reasons."""
        return self.do(request, number)


class Escalate(Act):
    takes = shapes.MaybeWordsInput

    def act(self, seat: Seat, said: dict[str, Any]) -> None:
        aftersale.escalate(text=said["text"], **about(seat))

    @extend_schema(
        operation_id="escalateCase", tags=["cases"], request=shapes.MaybeWordsInput, responses={200: shapes.CaseShape}
    )
    def post(self, request: Request, number: str) -> Response:
        """Call the platform."""
        return self.do(request, number)


class Withdraw(Act):
    def act(self, seat: Seat, said: dict[str, Any]) -> None:
        aftersale.withdraw(**about(seat))

    @extend_schema(operation_id="withdrawCase", tags=["cases"], request=Nothing, responses={200: shapes.CaseShape})
    def post(self, request: Request, number: str) -> Response:
        """Take the claim back; the order goes on as before."""
        return self.do(request, number)


class Say(Act):
    takes = shapes.WordsInput

    def act(self, seat: Seat, said: dict[str, Any]) -> None:
        aftersale.say(text=said["text"], **about(seat))

    @extend_schema(
        operation_id="sayInCase", tags=["cases"], request=shapes.WordsInput, responses={200: shapes.CaseShape}
    )
    def post(self, request: Request, number: str) -> Response:
        """Write to the other side."""
        return self.do(request, number)


class SendBack(Act):
    takes = shapes.ParcelInput

    def act(self, seat: Seat, said: dict[str, Any]) -> None:
        aftersale.send_back(carrier_code=said["carrier"], number=said["tracking_number"], **about(seat))

    @extend_schema(
        operation_id="sendBack", tags=["cases"], request=shapes.ParcelInput, responses={200: shapes.CaseShape}
    )
    def post(self, request: Request, number: str) -> Response:
        """Buyer: the goods are on their way back."""
        return self.do(request, number)


class GoodsBack(Act):
    def act(self, seat: Seat, said: dict[str, Any]) -> None:
        aftersale.goods_back(**about(seat))

    @extend_schema(operation_id="goodsBack", tags=["cases"], request=Nothing, responses={200: shapes.CaseShape})
    def post(self, request: Request, number: str) -> Response:
        """Merchant: the goods are back; the buyer gets his money."""
        return self.do(request, number)


class Resend(Act):
    takes = shapes.ParcelInput

    def act(self, seat: Seat, said: dict[str, Any]) -> None:
        aftersale.resend(carrier_code=said["carrier"], number=said["tracking_number"], **about(seat))

    @extend_schema(operation_id="resend", tags=["cases"], request=shapes.ParcelInput, responses={200: shapes.CaseShape})
    def post(self, request: Request, number: str) -> Response:
        """Merchant: the replacement is on its way; delivery starts anew."""
        return self.do(request, number)


class Take(OnceMixin):
    """A mediator makes a case his."""

    @extend_schema(operation_id="takeCase", tags=["cases"], request=Nothing, responses={200: shapes.CaseShape})
    def post(self, request: Request, number: str) -> Response:
        """Mediators: take an escalated case that nobody has. Refused to whoever is a party to it."""
        actor = actor_of(request)
        if not actor.is_mediator:
            raise NotFound
        seat, _said = seat_of(number, actor), read(Nothing, request)
        take(case_id=seat.case.pk, actor=actor, now=clock.now())
        return answer(request, seat)


class Rule(Act):
    takes = shapes.RulingInput
    asks_proof = "staff_money"

    def act(self, seat: Seat, said: dict[str, Any]) -> None:
        refund: Money = said["refund"]
        same_currency(refund, seat.case.currency, field="refund")
        aftersale.rule(
            refund_minor=refund.minor, fault=said["fault"], article=said["article"], reasons=said["reasons"],
            **about(seat),
        )  # fmt: skip

    @extend_schema(operation_id="rule", tags=["cases"], request=shapes.RulingInput, responses={200: shapes.CaseShape})
    def post(self, request: Request, number: str) -> Response:
        """Mediators: decide. The money moves with the signature; what is not refunded goes to the merchant."""
        actor: Actor = actor_of(request)
        if not actor.is_mediator:
            raise NotFound
        with transaction.atomic():
            answered = self.do(request, number)
            said = read(self.takes, request)
            ensure(request, ruling_act(number, fault=said["fault"], refund=said["refund"]))
        return answered
