"""From an application to a store that sells and is paid: what the shop's verbs need from money and people."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.queries.safety import has_device_lock, has_second_factor
from core.actor import Actor
from escrow.queries import payout_account
from escrow.services.store_holds import hold_payouts, lift_hold
from escrow.states import HoldCause
from flows.payouts import may_hold
from shop.errors import NameDiffers, NotReadyToSubmit
from shop.models import Order, Store, StoreApplication
from shop.queries.checklist import Known, Stand, lacking, stands_of
from shop.services import applications, reviews
from shop.states import OrderStatus


@transaction.atomic
def begin(*, user_id: UUID, actor: Actor, now: datetime) -> StoreApplication:
    """Open a store for somebody: it can be filled, cannot sell, and nothing of its balance leaves."""
    application = applications.begin(user_id=user_id, actor=actor, now=now)
    hold_payouts(store_id=application.store_id, cause=HoldCause.VETTING, actor=actor, now=now)
    return application


def known_of(store: Store) -> Known:
    """What money and people know of a store's steps."""
    account = payout_account(store.pk)
    trials = Order.objects.filter(store=store, is_trial=True).exclude(status=OrderStatus.CANCELLED)
    done = trials.filter(status=OrderStatus.COMPLETED).exists()
    return Known(
        account_holder=account.holder if account else "",
        second_factor=has_second_factor(store.owner_id),
        device_lock=has_device_lock(store.owner_id),
        trial="done" if done else "open" if trials.exists() else "",
    )


def checklist(application: StoreApplication) -> list[Stand]:
    """All steps of an application as they stand now."""
    return stands_of(application, known_of(application.store))


def submit(*, store: Store, actor: Actor, now: datetime) -> StoreApplication:
    """
    Hand an application to the reviewers.

    :raises NotReadyToSubmit: if a needed step is not done
    """
    application = StoreApplication.objects.select_related("store").get(store=store)
    return applications.submit(store=store, lacking=lacking(checklist(application)), actor=actor, now=now)


@transaction.atomic
def approve(*, application_id: UUID, actor: Actor, now: datetime) -> StoreApplication:
    """
    Let a store open, and its money leave.

    :raises NameDiffers: if the payout account is in another name by now
    :raises NotReadyToSubmit: if something needed was undone since it was sent in
    :raises Undecided: if a document or step was not accepted
    """
    application = reviews.approve(application_id=application_id, actor=actor, now=now)
    account = payout_account(application.store_id)
    if account is None or not may_hold(application.store, account.holder):
        raise NameDiffers
    if lacking(checklist(application)):
        raise NotReadyToSubmit
    lift_hold(store_id=application.store_id, actor=actor, now=now)
    return application


@transaction.atomic
def refuse(*, application_id: UUID, reason: str, actor: Actor, now: datetime) -> StoreApplication:
    """Say no for good. What a test order left on the balance is the merchant's and may leave."""
    application = reviews.refuse(application_id=application_id, reason=reason, actor=actor, now=now)
    lift_hold(store_id=application.store_id, actor=actor, now=now)
    return application
