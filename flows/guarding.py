"""Guarding accounts: what the buttons of alerts do at once, how long money waits, what staff look at again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Device, SignInChange, UnfreezeRequest, User
from accounts.queries.people import standing_of
from accounts.services import changes, devices, standing, stays
from accounts.services.links import LinkOver, Stopped, Told
from accounts.states import Standing
from core import deadlines, outbox
from core.actor import SYSTEM, Actor
from escrow.services import account_reminders, store_holds
from escrow.states import HoldCause
from shop.models import Store
from shop.services import standing as store_standing
from shop.services import team

LOOK_AGAIN_EVERY = timedelta(hours=24)
COOLING = timedelta(hours=72)  # no payout after a change of how one signs in, or after a strange login


@transaction.atomic
def not_me(*, told: Told, now: datetime) -> None:
    """
    What the button of an alert does: every session ends, the device is revoked, the account is limited.

    Pressing it twice changes nothing more.
    """
    actor = Actor(user_id=told.user_id)
    trusted = Device.objects.filter(user_id=told.user_id, revoked_at__isnull=True)
    if told.device_id is not None and trusted.filter(pk=told.device_id).exists():
        devices.revoke_device(device_id=told.device_id, user_id=told.user_id, actor=actor, reason="not_me", now=now)
    stays.end_stays(user_id=told.user_id, reason="not_me", now=now)
    limit_account(user_id=told.user_id, reason=f"not me: {told.about}"[:200], actor=actor, now=now)


@transaction.atomic
def note_change(
    what: str, was: changes.Before, *, actor: Actor, now: datetime, device_id: UUID | None = None, ip: str = "",
    with_stop: bool = True,
) -> SignInChange | None:  # fmt: skip
    """
    Write down a change of how somebody signs in, and let no money leave for three days. Call it in the transaction of
    the change; its old channel is told by a reaction. None if nothing has changed.
    """
    row = changes.note(what, was, actor=actor, device_id=device_id, ip=ip, now=now, with_stop=with_stop)
    if row is not None:
        cool_off(user_id=was.user_id, since=now, now=now)
    return row


@transaction.atomic
def stop_change(*, told: Stopped, now: datetime) -> None:
    """
    What the old channel's button does: phone or e-mail are as before, every session ends, the device that made the
    change is not trusted any more, the account is limited. Pressing it twice changes nothing more.
    """
    actor = Actor(user_id=told.user_id)
    change_of(told)
    row = changes.undo(change_id=told.change_id, actor=actor, now=now)
    if row is None:
        return
    about = Told(user_id=told.user_id, device_id=row.device_id, about=f"change {row.what} {row.pk}")
    not_me(told=about, now=now)


def change_of(told: Stopped) -> SignInChange:
    """:raises LinkOver: if this change is none of this person's"""
    row = SignInChange.objects.filter(pk=told.change_id, user_id=told.user_id).first()
    if row is None:
        raise LinkOver
    return row


@transaction.atomic
def cool_off(*, user_id: UUID, since: datetime, now: datetime, for_: timedelta = COOLING) -> None:
    """
    Let nothing leave the stores of somebody for three days after something that a thief would do. Safe to repeat.

    Buyers have no balance here, and refunds only go back the way they were paid: nothing of theirs has to wait.
    """
    if since + for_ <= now:
        return
    for store_id in _stores_of(user_id):
        store_holds.hold_payouts(
            store_id=store_id, cause=HoldCause.COOLING, actor=SYSTEM, now=now, until=since + for_
        )  # fmt: skip


def _stores_of(user_id: UUID) -> list[UUID]:
    return list(Store.objects.filter(owner_id=user_id).order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def change_standing(
    *,
    user_id: UUID,
    to: Standing,
    actor: Actor,
    reason: str,
    now: datetime,
    keep_session: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> bool:
    """
    Move an account to another standing; with it its stores sell or do not, and what they would be paid out is kept or
    let go. False if it stands so already. What buyers were promised goes on.

    :raises NotFound: if there is no such person
    :raises IllegalTransition: if it is closed
    """
    if not standing.change(
        user_id=user_id, to=to, actor=actor, reason=reason, now=now, keep_session=keep_session, facts=facts
    ):
        return False
    UnfreezeRequest.objects.filter(user_id=user_id, in_force=True).update(in_force=False)
    for store_id in _stores_of(user_id):
        store_standing.refresh(store_id, actor=actor)
        _hold_as_owner_stands(store_id, to, actor=actor, now=now)
    return True


@transaction.atomic
def take_out_of_team(*, store: Store, user_id: UUID, actor: Actor, now: datetime) -> None:
    """
    Take somebody out of a store's team, or leave it oneself; where that hands the store over, what it would be paid out
    is kept or let go as its new owner stands.

    :raises LastOwner: if there is no other owner, or somebody else would throw him out
    :raises AccountLimited: if the account of who would hand it over may not now
    """
    team.remove(store=store, user_id=user_id, actor=actor, now=now)
    heir_id = Store.objects.values_list("owner_id", flat=True).get(pk=store.pk)
    if heir_id != store.owner_id:
        _hold_as_owner_stands(store.pk, standing_of(heir_id), actor=actor, now=now)


def _hold_as_owner_stands(store_id: UUID, to: str, *, actor: Actor, now: datetime) -> None:
    if to == Standing.NORMAL:
        store_holds.lift_hold(store_id=store_id, actor=actor, now=now, causes=[HoldCause.OWNER])
    else:
        store_holds.hold_payouts(store_id=store_id, cause=HoldCause.OWNER, actor=actor, now=now)
        account_reminders.ask_now(store_id, now=now)


@transaction.atomic
def limit_account(*, user_id: UUID, reason: str, actor: Actor, now: datetime) -> bool:
    """Limit an account that stands normally; False if it is limited or worse already."""
    if not User.objects.filter(pk=user_id, standing=Standing.NORMAL).exists():
        return False
    return change_standing(user_id=user_id, to=Standing.LIMITED, actor=actor, reason=reason, now=now)


def look_again_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: accounts that have been limited or frozen for days; staff hear of them until they are not."""
    with transaction.atomic():
        shut = User.objects.filter(pk__in=subjects, standing__in=(Standing.LIMITED, Standing.FROZEN))
        still = {str(pk) for pk in shut.values_list("pk", flat=True)}
        outbox.publish_many("accounts.look_again", [{"user_id": pk, "time": now.isoformat()} for pk in sorted(still)])
        deadlines.finish("account.look_again", subjects=[pk for pk in subjects if pk not in still])
        deadlines.schedule_all([("account.look_again", pk, now + LOOK_AGAIN_EVERY) for pk in sorted(still)])
