"""Compensation in the incident of an account: whose store, whose payment, by whom, and that the incident is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Incident
from accounts.services import incidents
from accounts.states import IncidentStatus
from core.actor import Actor
from core.errors import DomainError, Forbidden, NotFound
from core.money import Money
from escrow.errors import CompensationWaits, FourEyes
from escrow.models import Compensation, Payment
from escrow.services import compensations, payments
from escrow.services.compensations import Target
from escrow.states import CompensationStatus
from flows.incidents import NotYourself
from shop.models import Store, StoreMember
from shop.services import orders


class IncidentClosed(DomainError):
    code = "incident_closed"
    default_message = _("This incident is closed. Open another if something is still to be made good.")


@transaction.atomic
def decide(
    *,
    incident_id: UUID,
    number: int,
    store_id: UUID | None = None,
    payment_id: UUID | None = None,
    amount: Money,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Compensation:
    """
    Make an amount good to the member of an incident: on the balance of a store of his, or back by a payment of his.

    :raises NotFound: if the store or the payment is not his
    :raises IncidentClosed: if the incident is closed
    :raises NotYourself: if it is one's own account
    :raises FourEyes: if one works in the store
    """
    assert (store_id is None) != (payment_id is None), "to one of the two"
    row = _open_incident(incident_id, actor)
    if store_id is not None:
        target = Target(store_id=_his_store(row, store_id, actor).pk)
    else:
        target = Target(payment=_locked_payment(row.user_id, payment_id))
    return compensations.decide(
        incident_id=row.pk, number=number, target=target, amount=amount, reason=reason, actor=actor, now=now
    )


@transaction.atomic
def approve(*, compensation_id: int, actor: Actor, now: datetime) -> Compensation:
    """
    Agree as the second person; it is made good at once.

    :raises FourEyes: if one proposed it oneself, or works in the store
    :raises IncidentClosed: if the incident is closed
    """
    row = _of(compensation_id)
    incident = _open_incident(row.incident_id, actor)
    if row.store_id is not None:
        _his_store(incident, row.store_id, actor)
    else:
        _locked_payment(incident.user_id, row.payment_id)
    return compensations.approve(compensation_id=compensation_id, actor=actor, now=now)


@transaction.atomic
def refuse(*, compensation_id: int, reason: str, actor: Actor, now: datetime) -> Compensation:
    """:raises IllegalTransition: if it does not wait any more"""
    row = _of(compensation_id)
    _open_incident(row.incident_id, actor)
    return compensations.refuse(compensation_id=compensation_id, reason=reason, actor=actor, now=now)


@transaction.atomic
def close_incident(*, incident_id: UUID, closing: str, compensation: str, actor: Actor, now: datetime) -> Incident:
    """
    Close an incident of which nothing waits for a second person any more.

    :raises CompensationWaits: if something does
    """
    incidents.locked(incident_id)
    if Compensation.objects.filter(incident_id=incident_id, status=CompensationStatus.APPROVAL).exists():
        raise CompensationWaits
    return incidents.close(incident_id=incident_id, closing=closing, compensation=compensation, actor=actor, now=now)


def remind_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: amounts that wait for a second person."""
    for subject in subjects:
        compensations.remind(compensation_id=int(subject), now=now)


def _open_incident(incident_id: UUID, actor: Actor) -> Incident:
    """Lock it: it is the mutex of all that is made good in it."""
    if not actor.is_mediator or actor.user_id is None:
        raise Forbidden
    row = incidents.locked(incident_id)
    if actor.user_id == row.user_id:
        raise NotYourself
    if row.status == IncidentStatus.CLOSED:
        raise IncidentClosed
    return row


def _of(compensation_id: int) -> Compensation:
    row = Compensation.objects.filter(pk=compensation_id).first()
    if row is None:
        raise NotFound
    return row


def _his_store(row: Incident, store_id: UUID, actor: Actor) -> Store:
    assert actor.user_id is not None
    store = Store.objects.filter(pk=store_id, owner_id=row.user_id).first()
    if store is None:
        raise NotFound
    if StoreMember.objects.filter(store_id=store_id, user_id=actor.user_id, left_at__isnull=True).exists():
        raise FourEyes
    return store


def _locked_payment(user_id: UUID, payment_id: UUID | None) -> Payment:
    """Orders first, as everybody does: neither a release nor a refund moves anything of it meanwhile."""
    if payment_id is None or not Payment.objects.filter(pk=payment_id, buyer_id=user_id).exists():
        raise NotFound
    orders.lock_orders_of(payment_id)
    return payments.lock_payment(payment_id)
