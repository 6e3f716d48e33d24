"""Accounts elsewhere that sign in here: connected and let go."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import standing
from core import audit, outbox
from core.actor import Actor
from core.errors import DomainError, NotFound


class Another(DomainError):
    code = "connected_elsewhere"
    default_message = _("It is connected to another account here already.")


class LastWayIn(DomainError):
    code = "last_way_in"
    default_message = _("This is your only way to sign in. Add a phone or an e-mail first.")


@transaction.atomic
def connect(*, user_id: UUID, provider: str, uid: str, name: str, actor: Actor, now: datetime) -> None:
    """
    Let an account elsewhere sign in as this person. Nothing happens if it does already.

    :raises Another: if it is somebody else's
    :raises AccountLimited: if this account may not change how one signs in
    """
    standing.require(user_id, "change_sign_in")
    try:
        with transaction.atomic():
            row, is_new = SocialAccount.objects.get_or_create(
                provider=provider, uid=uid, defaults={"user_id": user_id, "extra_data": {"name": name}}
            )
    except IntegrityError as fault:
        raise Another from fault
    if row.user_id != user_id:
        raise Another
    if is_new:
        _tell(user_id, "third_party_added", provider, actor, now)


@transaction.atomic
def disconnect(*, user_id: UUID, account_id: int, actor: Actor, now: datetime) -> None:
    """
    Let it sign in no more.

    :raises NotFound: if it is not this person's
    :raises LastWayIn: if he could not come in again
    :raises AccountLimited: if this account may not change how one signs in
    """
    standing.require(user_id, "change_sign_in")
    user = User.objects.select_for_update().get(pk=user_id)
    row = SocialAccount.objects.filter(pk=account_id, user_id=user_id).first()
    if row is None:
        raise NotFound
    if not has_other_way_in(user, without=account_id):
        raise LastWayIn
    row.delete()
    _tell(user_id, "third_party_removed", row.provider, actor, now)


def has_other_way_in(user: User, *, without: int) -> bool:
    """A proven phone or e-mail takes codes; a password alone is no way back once it is forgotten."""
    if user.phone and user.phone_verified:
        return True
    proven = EmailAddress.objects.filter(user=user, verified=True).exists()
    return bool(proven or SocialAccount.objects.filter(user=user).exclude(pk=without).exists())


def _tell(user_id: UUID, what: str, provider: str, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor, act=f"factor.{what}", subject_type="account", subject=str(user_id), facts={"provider": provider}
    )
    outbox.publish("accounts.factor_changed", user_id=str(user_id), what=what, time=now.isoformat())
