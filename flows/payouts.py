"""Payouts as the people of a store and the staff ask for them: who may, and where the money may go."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import standing
from core.actor import Actor
from core.errors import NotFound
from escrow.errors import BadPayoutAccount
from escrow.models import MerchantTerms, Payout, PayoutAccount
from escrow.services import payouts, terms
from escrow.services.payout_accounts import set_payout_account
from shop.identifiers import same_name
from shop.models import Store, StoreApplication, StoreMember
from shop.roles import Act
from shop.services import applications
from shop.services.access import require_at
from shop.services.reviews import may_judge
from shop.states import ApplicationStatus


@transaction.atomic
def approve(*, payout_id: int, actor: Actor, now: datetime) -> Payout:
    """
    Let a big payout leave. Who owns the store or works in it is no second pair of eyes on its money.

    :raises NotFound: if there is no such payout
    :raises FourEyes: if this person prepared it, or is of the store
    """
    store_id = Payout.objects.filter(pk=payout_id).values_list("store_id", flat=True).first()
    if store_id is None:
        raise NotFound
    owner_id = Store.objects.values_list("owner_id", flat=True).get(pk=store_id)
    team = StoreMember.objects.filter(store_id=store_id, left_at__isnull=True).values_list("user_id", flat=True)
    return payouts.approve_payout(payout_id=payout_id, actor=actor, now=now, not_by=[owner_id, *team])


def set_terms(*, store_id: UUID, actor: Actor, now: datetime, **wanted: Any) -> MerchantTerms:
    """
    Agree anew with a store on its credit line and reserve. Nobody agrees with himself.

    :raises OwnStore: if this person owns the store or works in it
    """
    may_judge(Store.objects.get(pk=store_id), actor)
    return terms.set_terms(store_id=store_id, actor=actor, now=now, **wanted)


def ask_for_payout(*, store_id: UUID, actor: Actor, now: datetime) -> Payout | None:
    """
    Pay out now what may leave of a store's balance.

    :raises NotYourPart: if the actor's role does not include it
    :raises AccountLimited: if his account moves no money out now
    """
    require_at(store_id, Act.PAY_OUT, actor=actor)
    standing.require(actor.user_id, "pay_out")
    return payouts.prepare_payout(store_id=store_id, actor=actor, now=now)


@transaction.atomic
def choose_account(
    *, store_id: UUID, bank: str, holder: str, number: str, actor: Actor, now: datetime
) -> PayoutAccount:
    """
    Say where a store's money goes. Once we know in whose name the store is, an account in another is not taken.

    :raises BadPayoutAccount: if something is missing or wrong, the holder's name included
    """
    store = require_at(store_id, Act.ACCOUNT, actor=actor)
    if not may_hold(store, holder):
        text = _("Write the holder as on the licence or the identity card: money is paid to that name alone.")
        raise BadPayoutAccount(fields={"holder": text})
    row = set_payout_account(store_id=store_id, bank=bank, holder=holder, number=number, actor=actor, now=now)
    applications.note_saved(store=store, key="account", actor=actor, now=now)
    return row


def may_hold(store: Store, holder: str) -> bool:
    """Whether an account in this name may be a store's: the business, or the person who answers for it."""
    application = StoreApplication.objects.filter(store=store).first()
    if application is None:
        return True
    names = [name for name in (application.legal_name, application.person_name) if name]
    if not names:
        return application.status != ApplicationStatus.APPROVED
    return any(same_name(holder, name) for name in names)
