"""Out of “limited” by oneself: proof that the owner is back, a new password, and money that waits a while longer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Challenge, User
from accounts.queries.own_safety import is_trusted
from accounts.services import changes, stays
from accounts.states import Standing
from core.actor import Actor
from core.errors import Forbidden, IllegalTransition
from flows import guarding

FACTORS = ("passkey", "totp")


class NotFromHere(Forbidden):
    code = "not_from_here"
    default_message = _(
        "From a device that is not trusted this cannot be done. Use one you have used before, or tell us what happened."
    )


@transaction.atomic
def reopen(
    *, user_id: UUID, password: str, proof: UUID, device_id: UUID | None, ip: str, actor: Actor, now: datetime,
    keep_session: str,
) -> None:  # fmt: skip
    """
    Open a limited account again for its owner. ``proof``: the challenge he has passed for this, and spent. As after any
    new password, nothing leaves his stores for three days.

    :raises IllegalTransition: if it is not limited
    :raises NotFromHere: if he neither used a factor nor is on a device that was trusted before
    """
    user = User.objects.select_for_update().get(pk=user_id)
    if user.standing != Standing.LIMITED:
        raise IllegalTransition
    channel = Challenge.objects.values_list("channel", flat=True).get(pk=proof)
    if channel not in FACTORS and not is_trusted(user_id, device_id, now=now):
        raise NotFromHere
    was = changes.before(user_id)
    user.set_password(password)
    user.save(update_fields=["password"])
    guarding.note_change("password", was, actor=actor, device_id=device_id, ip=ip, now=now)
    stays.end_stays(user_id=user_id, reason="password", keep_session=keep_session, now=now)
    guarding.change_standing(
        user_id=user_id, to=Standing.NORMAL, actor=actor, reason="opened by its owner", now=now,
        facts={"proof": str(proof), "channel": channel},
    )  # fmt: skip
