"""
How an account stands, and what that allows. Services ask here; pages only show it.

Limited: reads, talks, buys and receives; moves no money out and changes nothing a thief would. Frozen: signs in to the
recovery pages alone. Closed: no more. What buyers were promised by a frozen merchant goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.stays import end_stays
from accounts.states import ACCOUNT, Standing
from core import audit, deadlines, outbox
from core.actor import Actor
from core.errors import DomainError, IllegalTransition, NotFound
from core.transitions import allowed

LOOK_AGAIN = timedelta(hours=72)
_S = Standing
# act → in which standings it may be done; what is not named is open to all but the frozen and closed
MAY: Mapping[str, frozenset[str]] = {
    "pay_out": frozenset({_S.NORMAL}),
    "change_sign_in": frozenset({_S.NORMAL}),
    "change_payout_account": frozenset({_S.NORMAL}),
    "change_price": frozenset({_S.NORMAL}),
    "trust_device": frozenset({_S.NORMAL}),
    "write_to_many": frozenset({_S.NORMAL}),
    "change_link": frozenset({_S.NORMAL}),
    "make_token": frozenset({_S.NORMAL}),
    "approve_login": frozenset({_S.NORMAL}),
    "change_team": frozenset({_S.NORMAL}),
    "act_as_staff": frozenset({_S.NORMAL}),
    "sell": frozenset({_S.NORMAL, _S.LIMITED}),  # a limited owner's store goes on: what it earns waits
    "reset_password": frozenset({_S.NORMAL, _S.LIMITED}),  # by a code to the mailbox; it opens nothing else
    "use": frozenset({_S.NORMAL, _S.LIMITED}),
    "recover": frozenset({_S.NORMAL, _S.LIMITED, _S.FROZEN}),
}


class AccountLimited(DomainError):
    code = "account_limited"
    status = HTTPStatus.FORBIDDEN
    default_message = _("Your account is limited for its own safety: this has to wait. See “Safety” in your account.")


class AccountFrozen(DomainError):
    code = "account_frozen"
    status = HTTPStatus.FORBIDDEN
    default_message = _("This account is frozen. Your orders go on; see “Safety” in your account for what to do.")


def may(standing: str, act: str) -> bool:
    """Whether an account that stands so allows an act."""
    return standing in MAY.get(act, MAY["use"])


def require(user_id: UUID | None, act: str) -> None:
    """
    Refuse an act that this person's account does not allow now.

    :raises AccountLimited: if it is limited
    :raises AccountFrozen: if it is frozen or closed
    """
    if user_id is None:
        return
    standing = User.objects.values_list("standing", flat=True).filter(pk=user_id).first()
    if standing is None or may(standing, act):
        return
    raise AccountLimited if standing == Standing.LIMITED else AccountFrozen


@transaction.atomic
def change(
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
    Move an account to another standing; False if it has it already. Freezing and closing end all sessions and with
    them whatever login is under way.

    :raises NotFound: if there is no such person
    :raises IllegalTransition: if it is closed
    """
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise NotFound
    source = user.standing
    if source == to:
        return False
    if not allowed(ACCOUNT, source=source, target=to):
        raise IllegalTransition
    more: dict[str, Any] = {"is_active": False} if to == Standing.CLOSED else {}
    if to in (Standing.LIMITED, Standing.FROZEN):
        more["password_remind_at"] = now  # something has happened: a new password is advised, not forced
    if not User.objects.filter(pk=user_id, standing=source).update(standing=to, **more):
        raise IllegalTransition
    audit.record(
        actor=actor, act=f"account.{to}", subject_type="account", subject=str(user_id), reason=reason,
        facts={"from": source, **(facts or {})},
    )  # fmt: skip
    if to in (Standing.FROZEN, Standing.CLOSED):
        end_stays(user_id=user_id, reason=str(to), now=now)
    elif to == Standing.LIMITED:
        end_stays(user_id=user_id, reason=str(to), now=now, keep_session=keep_session) if keep_session else None
    if to in (Standing.LIMITED, Standing.FROZEN):
        deadlines.schedule("account.look_again", subject=user_id, due_at=now + LOOK_AGAIN)
    else:
        deadlines.cancel("account.look_again", subject=user_id)
    outbox.publish("accounts.standing_changed", user_id=str(user_id), to=str(to), reason=reason, time=now.isoformat())
    return True
