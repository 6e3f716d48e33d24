"""Who somebody is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from accounts.models import User
from accounts.states import Standing
from core.actor import Actor
from core.errors import NotFound


def person(user_id: UUID) -> User:
    """
    The person with this id.

    :raises NotFound: if there is none
    """
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound
    return user


def named(*, phone: str = "", email: str = "") -> User | None:
    """The account of a proven phone (E.164) or of an e-mail: one question, whether there is such an account or not."""
    if phone:
        return User.objects.filter(phone=phone, phone_verified=True).first()
    return User.objects.filter(email=email.lower()).first() if email else None


def people(user_ids: Iterable[UUID]) -> dict[UUID, User]:
    """People by id, in one query."""
    return User.objects.in_bulk(list(set(user_ids)))


def actor_for(user: User) -> Actor:
    """The person as the one who acts, where there is no request: commands, tests, demo data."""
    return Actor(user_id=user.pk, is_mediator=user.is_mediator)


def standing_of(user_id: UUID) -> str:
    """How somebody's account stands; that of nobody is closed."""
    return User.objects.values_list("standing", flat=True).filter(pk=user_id).first() or Standing.CLOSED


def mediators() -> list[UUID]:
    """Everybody who may rule, for notices to staff."""
    rows = User.objects.filter(is_mediator=True, is_active=True).order_by("date_joined", "pk")
    return list(rows.values_list("pk", flat=True))


def password_is_old(user: User, *, now: datetime) -> bool:
    """
    Whether a new password is advised: old, or after an incident, and not put off. Nothing hangs on it.

    What was set before this was noted counts from the day the account was made.
    """
    if not user.has_usable_password():
        return False
    if user.password_remind_at is not None:
        return user.password_remind_at <= now
    days = settings.PASSWORD_REMIND_DAYS
    return bool(days) and (user.password_changed_at or user.date_joined) + timedelta(days=days) <= now
