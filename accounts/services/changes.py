"""
Changes of how somebody signs in: written down with what was before, told at once, undone by the old channel's button.

Who changes something asks :func:`before` first and calls :func:`note` after, in the transaction of the change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.models import SignInChange, User
from core import audit, outbox
from core.actor import Actor

What = SignInChange.What


@dataclass(frozen=True, slots=True)
class Before:
    """What somebody signed in with. ``is_new``: he was never in, so whatever he sets now is no change."""

    user_id: UUID
    phone: str
    email: str
    is_new: bool


def before(user_id: UUID) -> Before:
    user = User.objects.get(pk=user_id)
    phone = (user.phone or "") if user.phone_verified else ""
    return Before(user_id, phone, user.email or "", is_new=user.last_login is None)


@transaction.atomic
def note(
    what: str, was: Before, *, actor: Actor, now: datetime, device_id: UUID | None = None, ip: str = "",
    with_stop: bool = True,
) -> SignInChange | None:  # fmt: skip
    """
    Write a change down and let the old channel know, with its stop button; None if nothing has changed.

    Not ``with_stop``: what a recovery has changed. Its old channel had three days to object and is what was lost.
    """
    if was.is_new:
        return None
    old, new = _values(what, was)
    if what in (What.PHONE, What.EMAIL) and old == new:
        return None
    row = SignInChange.objects.create(
        user_id=was.user_id, what=what, old_value=old, new_value=new, at=now, device_id=device_id, ip=ip
    )
    audit.record(
        actor=actor, act=f"sign_in.{what}_changed", subject_type="account", subject=str(was.user_id),
        facts={"change": str(row.pk)},
    )  # fmt: skip
    if with_stop:
        outbox.publish("accounts.sign_in_changed", change_id=str(row.pk))
    return row


@transaction.atomic
def undo(*, change_id: UUID, actor: Actor, now: datetime) -> SignInChange | None:
    """
    Put the phone or e-mail of before back, where nobody else has it by now; None if that was done already.

    A password or factor is not put back: somebody else may know it. Who calls this locks the account.
    """
    row = SignInChange.objects.select_for_update().get(pk=change_id)
    if not SignInChange.objects.filter(pk=change_id, undone_at__isnull=True).update(undone_at=now):
        return None
    if row.what == What.PHONE:
        _put_phone_back(row)
    elif row.what == What.EMAIL:
        _put_email_back(row)
    audit.record(
        actor=actor, act="sign_in.change_stopped", subject_type="account", subject=str(row.user_id),
        facts={"change": str(row.pk), "what": row.what},
    )  # fmt: skip
    return row


def _values(what: str, was: Before) -> tuple[str, str]:
    if what == What.PHONE:
        return was.phone, User.objects.values_list("phone", flat=True).get(pk=was.user_id) or ""
    if what == What.EMAIL:
        return was.email, User.objects.values_list("email", flat=True).get(pk=was.user_id) or ""
    return "", ""


def _put_phone_back(row: SignInChange) -> None:
    """Only what the change has set is taken away, and an account keeps at least one way to be reached."""
    user = User.objects.select_for_update().get(pk=row.user_id)
    if user.phone != row.new_value:
        return
    old = row.old_value or None
    if (old and User.objects.filter(phone=old).exclude(pk=user.pk).exists()) or not (old or user.email):
        return
    User.objects.filter(pk=user.pk).update(phone=old, phone_verified=bool(old))


def _put_email_back(row: SignInChange) -> None:
    user = User.objects.select_for_update().get(pk=row.user_id)
    if user.email != row.new_value:
        return
    old = row.old_value or None
    if (old and User.objects.filter(email=old).exclude(pk=user.pk).exists()) or not (old or user.phone):
        return
    EmailAddress.objects.filter(user=user).delete()
    if old:
        EmailAddress.objects.create(user=user, email=old, verified=True, primary=True)
    User.objects.filter(pk=user.pk).update(email=old)
