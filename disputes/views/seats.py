"""Where somebody sits in a case: as its buyer, its merchant, or as the platform."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from core.actor import Actor
from core.errors import NotFound
from disputes.models import Case
from disputes.queries import case_for_staff
from disputes.states import Party
from shop.roles import Act, may

ROOMS = {Party.BUYER: "disputes:case", Party.MERCHANT: "merchant:case", Party.PLATFORM: "console:case"}


@dataclass(frozen=True, slots=True)
class Seat:
    """A case as one person sees it."""

    case: Case
    party: str
    actor: Actor

    @property
    def url(self) -> str:
        return reverse(ROOMS[Party(self.party)], args=[self.case.number])

    @property
    def mine(self) -> bool:
        return self.party == Party.BUYER


def party_of(case: Case, actor: Actor) -> str:
    """Whose seat this person takes; empty for strangers. A mediator who is a party sits as that party."""
    if actor.user_id is None:
        return ""
    if actor.user_id == case.buyer_id:
        return Party.BUYER
    role = case.order.store.role_of(actor.user_id)
    if role:
        return Party.MERCHANT if may(role, Act.ANSWER) else ""
    return Party.PLATFORM if actor.is_mediator else ""


def may_see(case: Case, actor: Actor) -> bool:
    return bool(party_of(case, actor))


def seat_of(number: str, actor: Actor) -> Seat:
    """
    The case of a number, for somebody who has business there.

    :raises NotFound: for everybody else, as if there were none
    """
    case = case_for_staff(number)
    party = party_of(case, actor)
    if not party:
        raise NotFound
    return Seat(case, party, actor)
