"""Guarding accounts: what “this was not me” does at once, and what staff look at again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Device, User
from accounts.services import devices, standing, stays
from accounts.services.links import Told
from accounts.states import Standing
from core import deadlines, outbox
from core.actor import Actor

LOOK_AGAIN_EVERY = timedelta(hours=24)


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
def limit_account(*, user_id: UUID, reason: str, actor: Actor, now: datetime) -> bool:
    """Limit an account that stands normally; False if it is limited or worse already."""
    if not User.objects.filter(pk=user_id, standing=Standing.NORMAL).exists():
        return False
    return standing.change(user_id=user_id, to=Standing.LIMITED, actor=actor, reason=reason, now=now)


def look_again_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: accounts that have been limited or frozen for days; staff hear of them until they are not."""
    with transaction.atomic():
        shut = User.objects.filter(pk__in=subjects, standing__in=(Standing.LIMITED, Standing.FROZEN))
        still = {str(pk) for pk in shut.values_list("pk", flat=True)}
        outbox.publish_many("accounts.look_again", [{"user_id": pk, "time": now.isoformat()} for pk in sorted(still)])
        deadlines.finish("account.look_again", subjects=[pk for pk in subjects if pk not in still])
        deadlines.schedule_all([("account.look_again", pk, now + LOOK_AGAIN_EVERY) for pk in sorted(still)])
