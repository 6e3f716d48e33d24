"""What staff do to an account in an incident: limit, freeze, end sessions, revoke devices, open again by two."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Device, Incident, IncidentEntry, UnfreezeRequest, User
from accounts.services import devices, incidents, stays
from accounts.states import IncidentStatus, Standing
from core import audit, deadlines, outbox
from core.actor import Actor
from core.errors import DomainError, Forbidden, IllegalTransition, NotFound
from escrow.errors import NeedsReason
from escrow.models import Account, Payout
from escrow.states import PayoutStatus
from flows import guarding
from shop.models import Store

REMIND_EVERY = timedelta(hours=24)
MAX_REASON = 200
Measure = IncidentEntry.Measure


class UnfreezeNeedsAnother(DomainError):
    code = "unfreeze_needs_another"
    default_message = _("There is money in this account: somebody else of the staff has to agree that it is opened.")


class NotYourself(Forbidden):
    code = "not_yourself"
    default_message = _("Nobody acts on his own account as staff.")


@transaction.atomic
def restrict(*, user_id: UUID, to: Standing, reason: str, actor: Actor, now: datetime) -> bool:
    """
    Limit or freeze an account; False if it is so already. Whoever wanted it opened has to ask anew.

    :raises Forbidden: if it is not staff, or one's own account
    :raises NeedsReason: if no reason is given
    :raises NotFound: if there is no such person
    :raises UnfreezeNeedsAnother: if a frozen one, with money in it, would only be limited: two have to open it
    """
    assert to in (Standing.LIMITED, Standing.FROZEN)
    why = _checked(user_id, reason, actor)
    user = User.objects.select_for_update().get(pk=user_id)
    if to == Standing.LIMITED and user.standing == Standing.FROZEN and has_money(user_id):
        raise UnfreezeNeedsAnother  # its owner opens a limited one himself
    if not guarding.change_standing(user_id=user_id, to=to, actor=actor, reason=why, now=now):
        return False
    incidents.note_measure(user_id=user_id, measure=str(to), reason=why, actor=actor, now=now)
    return True


@transaction.atomic
def unfreeze(*, user_id: UUID, reason: str, actor: Actor, now: datetime) -> bool:
    """
    Open an account again; where its stores have money, one of the staff asks and another agrees. False: asked.

    The member's row is the mutex: of two who press at once the first asks and the second agrees.

    :raises IllegalTransition: if it is neither limited nor frozen
    :raises UnfreezeNeedsAnother: if it is the one who asks
    """
    why = _checked(user_id, reason, actor)
    user = User.objects.select_for_update().get(pk=user_id)
    if user.standing not in (Standing.LIMITED, Standing.FROZEN):
        raise IllegalTransition
    asked = UnfreezeRequest.objects.filter(user_id=user_id, in_force=True).first()
    if asked is None and has_money(user_id):
        _ask(user_id, why, actor, now)
        return False
    if asked is not None and asked.asked_by == actor.user_id:
        raise UnfreezeNeedsAnother
    facts = {"asked_by": str(asked.asked_by)} if asked else {}
    if asked is not None:
        UnfreezeRequest.objects.filter(pk=asked.pk).update(in_force=False, agreed_by=actor.user_id, agreed_at=now)
    guarding.change_standing(
        user_id=user_id, to=Standing.NORMAL, actor=actor, reason=why, now=now, facts=facts
    )  # fmt: skip
    incidents.note_measure(user_id=user_id, measure=Measure.NORMAL, reason=why, actor=actor, now=now)
    return True


@transaction.atomic
def refuse_unfreeze(*, user_id: UUID, reason: str, actor: Actor, now: datetime) -> None:
    """:raises NotFound: if nobody asks for it"""
    why = _checked(user_id, reason, actor)
    if not _drop_requests(user_id):
        raise NotFound
    _record("account.unfreeze_refused", user_id, actor, why)
    incidents.note_measure(user_id=user_id, measure=Measure.STAYS, reason=why, actor=actor, now=now)


@transaction.atomic
def sign_out_everywhere(*, user_id: UUID, reason: str, actor: Actor, now: datetime) -> int:
    """End every session and take the trust from every device; how many sessions there were."""
    why = _checked(user_id, reason, actor)
    trusted = Device.objects.filter(user_id=user_id, revoked_at__isnull=True)
    for pk in list(trusted.order_by("pk").values_list("pk", flat=True)):
        devices.revoke_device(device_id=pk, user_id=user_id, actor=actor, reason="staff", now=now)
    ended = stays.end_stays(user_id=user_id, reason="staff", now=now)
    _record("account.signed_out", user_id, actor, why)
    incidents.note_measure(user_id=user_id, measure=Measure.SIGNED_OUT, reason=why, actor=actor, now=now)
    return ended


def has_money(user_id: UUID) -> bool:
    """Whether the stores of somebody have anything on their balance, or on its way out of it."""
    stores = list(Store.objects.filter(owner_id=user_id).values_list("pk", flat=True))
    leaving = (PayoutStatus.APPROVAL, PayoutStatus.PREPARED)
    return (
        Account.objects.filter(kind="merchant", owner_id__in=stores, balance__gt=0).exists()
        or Payout.objects.filter(store_id__in=stores, status__in=leaving).exists()
    )


def take_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: incidents nobody has taken; staff hear of them each day until somebody has."""
    _remind("incident.take_by", subjects, IncidentStatus.OPENED, now)


def close_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: incidents that are looked into for a week."""
    _remind("incident.close_by", subjects, IncidentStatus.INVESTIGATING, now)


def answers_due(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        incidents.answers_due(incident_id=UUID(subject), now=now)


@transaction.atomic
def _remind(kind: str, subjects: Sequence[str], status: str, now: datetime) -> None:
    still = sorted(
        str(pk) for pk in Incident.objects.filter(pk__in=subjects, status=status).values_list("pk", flat=True)
    )
    deadlines.finish(kind, subjects=[pk for pk in subjects if pk not in still])
    outbox.publish_many("accounts.incident_waits", [{"incident_id": pk, "at": now.isoformat()} for pk in still])
    deadlines.schedule_all([(kind, pk, now + REMIND_EVERY) for pk in still])


def _ask(user_id: UUID, reason: str, actor: Actor, now: datetime) -> None:
    assert actor.user_id is not None
    UnfreezeRequest.objects.create(user_id=user_id, asked_by=actor.user_id, asked_at=now, reason=reason)
    _record("account.unfreeze_asked", user_id, actor, reason)
    outbox.publish("accounts.unfreeze_asked", user_id=str(user_id), by=str(actor.user_id), at=now.isoformat())


def _drop_requests(user_id: UUID) -> bool:
    return bool(UnfreezeRequest.objects.filter(user_id=user_id, in_force=True).update(in_force=False))


def _checked(user_id: UUID, reason: str, actor: Actor) -> str:
    """Who may act, on whom, and why: the reason as it is kept."""
    if not actor.is_mediator:
        raise Forbidden
    if actor.user_id == user_id:
        raise NotYourself
    if not User.objects.filter(pk=user_id).exists():
        raise NotFound
    if not reason.strip():
        raise NeedsReason
    return reason.replace("\x00", "").strip()[:MAX_REASON]


def _record(act: str, user_id: UUID, actor: Actor, reason: str) -> None:
    audit.record(actor=actor, act=act, subject_type="account", subject=str(user_id), reason=reason)
