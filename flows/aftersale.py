"""After-sale: a claim freezes the money; agreement, silence or a ruling moves it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts import regions
from accounts.services import standing
from core import audit, outbox
from core.actor import Actor
from core.errors import NotFound
from core.links import LinkNotHere, Prove, Worded, without_links, worded
from core.money import Money
from core.pictures import clean_picture
from core.policies import rules_of
from disputes.errors import (
    AlreadyTaken,
    AmountTooHigh,
    GoodsGoBack,
    NotYourTurn,
    OfferChanged,
    TooManyClaims,
)
from disputes.models import Case, Offer, Ruling
from disputes.services import cases, evidence, offers, pace, rulings
from disputes.states import MONEY_REMEDIES, CaseStatus, Party, Remedy
from escrow.errors import ChargebackOpen
from escrow.services import holds
from escrow.services.moves import is_disputed
from flows import clocks, returns, settlement
from flows.case_table import check_terms, enter, locked, pass_turn, rest, start_clock
from flows.errors import AlreadyClosed, CaseIsOpen
from logistics.models import Shipment
from logistics.services import shipments
from shop.services import orders
from shop.states import UNDER_ESCROW

# Opening and taking back stops the release clock each time: it may not be done for ever.
MAX_WITHDRAWN = 2


@transaction.atomic
def open_case(
    *,
    order_id: UUID,
    ground: str,
    want: str,
    amount: Money | None,
    text: str,
    photos: Sequence[UploadedFile],
    actor: Actor,
    now: datetime,
) -> Case:
    """
    Open a buyer's claim: the hold is frozen, the order's clocks stand still, the merchant's answer clock starts.

    A claim wins for as long as the money is still held, even past its release date.

    :raises AmountTooHigh: if more is asked than is held
    :raises ChargebackOpen: while the buyer's bank has the money
    :raises TooManyCases: if this buyer opens too many in a day
    """
    order = orders.lock_order(order_id)
    if order.buyer_id != actor.user_id:
        raise NotFound
    if order.in_case:
        raise CaseIsOpen
    if order.status not in UNDER_ESCROW:
        raise AlreadyClosed
    if order.payment_id is not None and is_disputed(order.payment_id):
        raise ChargebackOpen
    if Case.objects.filter(order_id=order.pk, status=CaseStatus.WITHDRAWN).count() >= MAX_WITHDRAWN:
        raise TooManyClaims
    pace.may_open(actor=actor, now=now)
    pictures = [clean_picture(photo) for photo in photos]
    held = rest(order)
    asked = amount if want in MONEY_REMEDIES and amount is not None else Money(0, order.currency)
    if want in (Remedy.REFUND, Remedy.RETURN) and amount is None:
        asked = held
    check_terms(want, asked, held=held, shipped=order.shipped_at is not None)
    case = cases.open_case(
        order_id=order.pk, buyer_id=order.buyer_id, store_id=order.store_id, ground=ground, want=want, amount=asked,
        text=text, order_status=order.status, actor=actor, now=now,
    )  # fmt: skip
    for picture in pictures:
        evidence.add(case=case, party=Party.BUYER, picture=picture, shows="", actor=actor, now=now)
    holds.freeze(order_id=order.pk, actor=actor, reason=f"case {case.number}", now=now)
    orders.set_in_case(order, value=True)
    clocks.pause(order.pk, reason="case")
    rules = rules_of(order.policy_id)
    hours = rules.answer_shipped_hours if order.shipped_at else rules.answer_unshipped_hours
    start_clock(case, "case.answer_by", now + timedelta(hours=hours))
    outbox.publish("disputes.opened", case_id=str(case.pk))
    return case


@transaction.atomic
def say(*, case_id: UUID, text: str, actor: Actor, now: datetime, prove: Prove | None = None) -> None:
    """
    Write in the case room. A merchant's link is sent only where ``prove`` can ask who he is (A7).

    :raises TooManyWords: if a party writes too fast
    :raises BadLink: if there is a link in a merchant's words that leads nowhere one may be sent
    :raises LinkNotHere: if there is one, and nobody can be asked
    """
    case, _, party = enter(case_id, actor)
    if party != Party.PLATFORM:
        pace.may_say(actor=actor, now=now)
    said = worded(text.strip(), longest=cases.MAX_TEXT) if party == Party.MERCHANT else Worded(text)
    facts = {"links": list(said.links)} if said.links else {}
    cases.add_entry(case=case, party=party, act="said", text=said.text, facts=facts, actor=actor, now=now)
    if said.links:
        _may_send_links(case, said, actor=actor, prove=prove)
    outbox.publish("disputes.said", case_id=str(case.pk), party=party)


@transaction.atomic
def add_evidence(*, case_id: UUID, file: UploadedFile | None, shows: str, actor: Actor, now: datetime) -> None:
    """Lay something before the other side and the mediator."""
    case, _, party = enter(case_id, actor)
    _no_links(shows, party)
    picture = clean_picture(file) if file else None
    evidence.add(case=case, party=party, picture=picture, shows=shows, actor=actor, now=now)


@transaction.atomic
def offer(*, case_id: UUID, remedy: str, amount: Money | None, text: str, actor: Actor, now: datetime) -> Offer:
    """
    Propose a settlement; it replaces the last open proposal and passes the turn to the other side.

    :raises AmountTooHigh: if it offers more than is held
    """
    case, order, party = enter(case_id, actor)
    may_offer = (CaseStatus.OPEN, CaseStatus.OFFERED, CaseStatus.REFUSED, CaseStatus.MEDIATION)
    if party == Party.PLATFORM or case.status not in may_offer:
        raise NotYourTurn
    _no_links(text, party)
    held = rest(order)
    proposed = held if remedy in (Remedy.REFUND, Remedy.RETURN) and amount is None else amount
    proposed = proposed if remedy in MONEY_REMEDIES and proposed is not None else Money(0, order.currency)
    check_terms(remedy, proposed, held=held, shipped=order.shipped_at is not None)
    made = offers.make_offer(case=case, party=party, remedy=remedy, amount=proposed, text=text, actor=actor, now=now)
    if case.status != CaseStatus.MEDIATION:
        pass_turn(
            case, order, to=CaseStatus.OFFERED if party == Party.MERCHANT else CaseStatus.OPEN, actor=actor, now=now
        )
    outbox.publish("disputes.offered", case_id=str(case.pk), party=party)
    return made


@transaction.atomic
def accept(*, case_id: UUID, actor: Actor, now: datetime, terms: str | None = None) -> Case:
    """
    Agree to what the other side wants or offers, and carry it out.

    The merchant may accept the claim itself while it waits for his answer; either side the other's open offer.
    ``terms`` is what the accepting side has read: an offer's id or ``claim``; doors must always give it.

    :raises OfferChanged: if something else lies on the table by now
    """
    case, order, party = enter(case_id, actor)
    open_offer = Offer.objects.filter(case=case, status="open").first()
    theirs = str(open_offer.pk) if open_offer is not None and open_offer.party != party else "claim"
    if terms is not None and terms != theirs:
        raise OfferChanged
    if party == Party.PLATFORM:
        raise NotYourTurn
    if open_offer is not None and open_offer.party != party:
        agreed = offers.accept(case=case, party=party, actor=actor, now=now)
        remedy, amount = agreed.remedy, agreed.amount
    elif party == Party.MERCHANT and case.status in (CaseStatus.OPEN, CaseStatus.REFUSED):
        remedy, amount = case.want, case.amount
        cases.add_entry(case=case, party=party, act="accepted", text="", facts={}, actor=actor, now=now)
    else:
        raise NotYourTurn
    settlement.carry_out(case=case, order=order, remedy=remedy, amount=amount, actor=actor, reason="agreed", now=now)
    return case


@transaction.atomic
def refuse(*, case_id: UUID, text: str, actor: Actor, now: datetime) -> None:
    """Say no, with reasons; the other side may make a new offer or call the platform."""
    case, order, party = enter(case_id, actor)
    _no_links(text, party)
    if party == Party.MERCHANT and case.status == CaseStatus.OPEN:
        _withdraw_offer(case)
        cases.add_entry(case=case, party=party, act="refused", text=text, facts={}, actor=actor, now=now)
        pass_turn(case, order, to=CaseStatus.REFUSED, actor=actor, now=now)
    elif party == Party.BUYER and case.status == CaseStatus.OFFERED:
        offers.refuse(case=case, party=party, text=text, actor=actor, now=now)
        pass_turn(case, order, to=CaseStatus.OPEN, actor=actor, now=now)
    else:
        raise NotYourTurn
    outbox.publish("disputes.refused", case_id=str(case.pk), party=party)


def _may_send_links(case: Case, said: Worded, *, actor: Actor, prove: Prove | None) -> None:
    standing.require(actor.user_id, "change_link")
    if prove is None:
        raise LinkNotHere
    prove(said)
    audit.record(
        actor=actor, act="case.link", subject_type="case", subject=str(case.pk), order_id=case.order_id,
        facts={"links": list(said.links)},
    )  # fmt: skip


def _no_links(text: str, party: str) -> None:
    """A merchant's offer, refusal or evidence leads nobody off the site; his message may, when he confirms it."""
    if party == Party.MERCHANT:
        without_links(text)


def _withdraw_offer(case: Case) -> None:
    Offer.objects.filter(case=case, status="open").update(status="refused")


@transaction.atomic
def escalate(*, case_id: UUID, text: str, actor: Actor, now: datetime) -> None:
    """
    Call the platform.

    The merchant may at any time; the buyer from the merchant's first answer on, whatever was said since.
    """
    case, order, party = enter(case_id, actor)
    if not may_escalate(case, party):
        raise NotYourTurn
    _no_links(text, party)
    cases.add_entry(case=case, party=party, act="escalated", text=text, facts={}, actor=actor, now=now)
    settlement.hand_over(case=case, order=order, actor=actor, reason="escalated", now=now)
    outbox.publish("disputes.escalated", case_id=str(case.pk), party=party)


BUYER_MAY_ESCALATE = (
    CaseStatus.OFFERED,
    CaseStatus.REFUSED,
    CaseStatus.RETURN_DUE,
    CaseStatus.RETURN_SENT,
    CaseStatus.RESEND_DUE,
)
MERCHANT_MAY_ESCALATE = (CaseStatus.OPEN, CaseStatus.OFFERED, CaseStatus.REFUSED, CaseStatus.RETURN_SENT)


def may_escalate(case: Case, party: str) -> bool:
    """Whether this party may call the platform now."""
    if party == Party.MERCHANT:
        return case.status in MERCHANT_MAY_ESCALATE
    answered = case.status == CaseStatus.OPEN and case.answered_at is not None
    return party == Party.BUYER and (answered or case.status in BUYER_MAY_ESCALATE)


@transaction.atomic
def withdraw(*, case_id: UUID, actor: Actor, now: datetime) -> None:
    """
    Take the claim back: the hold thaws and the clocks run on.

    :raises GoodsGoBack: once the carrier has the returned goods: the merchant would get them and the money
    """
    case, order, party = enter(case_id, actor)
    if party != Party.BUYER:
        raise NotYourTurn
    parcel = returns.parcel_of(case)
    if parcel is not None and parcel.first_scan_at is not None:
        raise GoodsGoBack
    cases.add_entry(case=case, party=party, act="withdrawn", text="", facts={}, actor=actor, now=now)
    settlement.drop(case=case, order=order, actor=actor, reason="withdrawn", now=now)


@transaction.atomic
def send_back(*, case_id: UUID, carrier_code: str, number: str, actor: Actor, now: datetime) -> Shipment:
    """Buyer: the goods are on their way back; the merchant's time to look starts when they arrive."""
    case, order, party = enter(case_id, actor)
    if party != Party.BUYER or case.status != CaseStatus.RETURN_DUE:
        raise NotYourTurn
    shipment = shipments.book(
        order_id=order.pk, store_id=order.store_id, carrier_code=carrier_code, number=number, city="", weight_g=None,
        photos=(), paid_at=order.paid_at or now, actor=actor, now=now, direction="back",
    )  # fmt: skip
    cases.add_entry(
        case=case, party=party, act="sent_back", text="", facts={"number": shipment.number}, actor=actor, now=now
    )
    cases.move(case, CaseStatus.RETURN_SENT, actor=actor, reason=f"parcel {shipment.number}")
    returns.begin(case, shipment, rules=rules_of(order.policy_id), now=now)
    outbox.publish("disputes.sent_back", case_id=str(case.pk), order_id=str(order.pk), shipment_id=str(shipment.pk))
    return shipment


@transaction.atomic
def goods_back(*, case_id: UUID, actor: Actor, now: datetime) -> None:
    """Merchant: the returned goods are here and right; the buyer gets his money."""
    case, order, party = enter(case_id, actor)
    if party != Party.MERCHANT or case.status != CaseStatus.RETURN_SENT:
        raise NotYourTurn
    cases.add_entry(case=case, party=party, act="goods_back", text="", facts={}, actor=actor, now=now)
    settlement.pay_agreed(case=case, order=order, actor=actor, reason="returned goods received", now=now)


@transaction.atomic
def resend(*, case_id: UUID, carrier_code: str, number: str, actor: Actor, now: datetime) -> Shipment:
    """Merchant: the replacement is on its way; the case closes and delivery starts anew."""
    case, order, party = enter(case_id, actor)
    if party != Party.MERCHANT or case.status != CaseStatus.RESEND_DUE:
        raise NotYourTurn
    shipments.supersede(order_id=order.pk)
    shipment = shipments.book(
        order_id=order.pk, store_id=order.store_id, carrier_code=carrier_code, number=number,
        city=regions.town(order.address), weight_g=None, photos=(), paid_at=order.paid_at or now, actor=actor,
        now=now,
    )  # fmt: skip
    cases.add_entry(
        case=case, party=party, act="resent", text="", facts={"number": shipment.number}, actor=actor, now=now
    )
    settlement.start_anew(case=case, order=order, shipment=shipment, actor=actor, now=now)
    outbox.publish("logistics.booked", order_id=str(order.pk), shipment_id=str(shipment.pk))
    return shipment


@transaction.atomic
def rule(
    *, case_id: UUID, refund_minor: int, fault: str, article: str, reasons: str, actor: Actor, now: datetime
) -> Ruling:
    """
    Decide: refund and release sum to what is held, to the minor unit, and are executed with the signature.

    :raises AmountTooHigh: if the refund is more than is held
    """
    case, order = locked(case_id)
    if not actor.is_mediator or actor.user_id == order.buyer_id or order.store.role_of(actor.user_id):
        raise NotFound
    if case.status != CaseStatus.MEDIATION:
        raise NotYourTurn
    if case.mediator_id is None:
        case = cases.take(case_id=case.pk, actor=actor, now=now)
    if case.mediator_id != actor.user_id:
        raise AlreadyTaken
    held = rest(order)
    if not 0 <= refund_minor <= held.minor:
        raise AmountTooHigh
    ruling = rulings.sign(
        case=case, refund_minor=refund_minor, held_minor=held.minor, fault=fault, article=article, reasons=reasons,
        actor=actor, now=now,
    )  # fmt: skip
    cases.move(
        case, CaseStatus.RULED, actor=actor, reason=f"article {article}", closed_at=now, refund_minor=refund_minor
    )
    settlement.split(order=order, refund_minor=refund_minor, actor=actor, reason=f"ruling {case.number}", now=now)
    settlement.end(case=case, order=order)
    outbox.publish("disputes.ruled", case_id=str(case.pk))
    return ruling
