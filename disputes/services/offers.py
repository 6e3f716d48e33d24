"""Offers and counter-offers (D20)."""

from __future__ import annotations

from datetime import datetime

from core.actor import Actor
from core.money import Money
from disputes.errors import NotYourTurn
from disputes.models import Case, Offer
from disputes.services.cases import add_entry
from disputes.services.pace import may_offer


def make_offer(*, case: Case, party: str, remedy: str, amount: Money, text: str, actor: Actor, now: datetime) -> Offer:
    """
    Lay an offer on the table; the one that lay there is replaced.

    :raises TooManyOffers: if this side makes too many in a day
    """
    may_offer(case=case, party=party, now=now)
    Offer.objects.filter(case=case, status="open").update(status="replaced")
    offer = Offer.objects.create(
        case=case, party=party, author_id=actor.user_id, remedy=remedy, amount_minor=amount.minor,
        currency=amount.currency, text=text.strip()[:1000], created_at=now,
    )  # fmt: skip
    facts = {"remedy": remedy, "amount_minor": amount.minor, "currency": amount.currency}
    add_entry(case=case, party=party, act="offered", text=offer.text, facts=facts, actor=actor, now=now)
    return offer


def accept(*, case: Case, party: str, actor: Actor, now: datetime) -> Offer:
    """
    Take the other side's open offer.

    :raises NotYourTurn: if there is none
    """
    offer = _open_offer_of_other(case, party)
    Offer.objects.filter(pk=offer.pk, status="open").update(status="accepted")
    facts = {"remedy": offer.remedy, "amount_minor": offer.amount_minor, "currency": offer.currency}
    add_entry(case=case, party=party, act="accepted", text="", facts=facts, actor=actor, now=now)
    return offer


def refuse(*, case: Case, party: str, text: str, actor: Actor, now: datetime) -> Offer:
    """
    Turn the other side's open offer down.

    :raises NotYourTurn: if there is none
    """
    offer = _open_offer_of_other(case, party)
    Offer.objects.filter(pk=offer.pk, status="open").update(status="refused")
    add_entry(case=case, party=party, act="refused", text=text, facts={}, actor=actor, now=now)
    return offer


def _open_offer_of_other(case: Case, party: str) -> Offer:
    offer = Offer.objects.filter(case=case, status="open").exclude(party=party).first()
    if offer is None:
        raise NotYourTurn
    return offer
