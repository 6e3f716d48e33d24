"""Signed links in letters: one salt per purpose, bound to a person and what he is told, valid for some days."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core import signing
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError

DAY_SECONDS = 86_400
STOP_SECONDS = 3 * DAY_SECONDS  # as long as money waits after a change
NOT_ME = "accounts.not-me"
STOP_CHANGE = "accounts.stop-change"
RECOVERY_STOP, RECOVERY_STOP_SECONDS = "accounts.recovery-stop", 14 * DAY_SECONDS  # as long as one may be open
RECOVERY_PHONE = "accounts.recovery-phone"


class LinkOver(DomainError):
    code = "link_over"
    status = 410
    default_message = _("This link is over or damaged. Sign in and look under “Safety” in your account.")


@dataclass(frozen=True, slots=True)
class Told:
    """Whom a link is for, and what it speaks of: a login event or a change."""

    user_id: UUID
    device_id: UUID | None
    about: str


def not_me_token(*, user_id: UUID, device_id: UUID | None, about: str) -> str:
    """For “this was not me”: opens a page with one button, nothing else."""
    value = {"u": str(user_id), "d": str(device_id) if device_id else "", "a": about}
    return signing.dumps(value, salt=NOT_ME, compress=True)


def read_not_me(token: str) -> Told:
    """:raises LinkOver: if it was not signed for this, or a day ago"""
    try:
        value = signing.loads(token, salt=NOT_ME, max_age=DAY_SECONDS)
        device = UUID(value["d"]) if value["d"] else None
        return Told(user_id=UUID(value["u"]), device_id=device, about=str(value["a"]))
    except (signing.BadSignature, KeyError, TypeError, ValueError) as fault:
        raise LinkOver from fault


@dataclass(frozen=True, slots=True)
class Stopped:
    """Whose change a link stops, and which."""

    user_id: UUID
    change_id: UUID


def stop_token(*, user_id: UUID, change_id: UUID) -> str:
    """For the old channel, when something about signing in was changed."""
    return signing.dumps({"u": str(user_id), "c": str(change_id)}, salt=STOP_CHANGE, compress=True)


def read_stop(token: str) -> Stopped:
    """:raises LinkOver: if it was not signed for this, or three days ago"""
    try:
        value = signing.loads(token, salt=STOP_CHANGE, max_age=STOP_SECONDS)
        return Stopped(user_id=UUID(value["u"]), change_id=UUID(value["c"]))
    except (signing.BadSignature, KeyError, TypeError, ValueError) as fault:
        raise LinkOver from fault


def recovery_token(recovery_id: UUID, *, salt: str) -> str:
    """``salt``: :data:`RECOVERY_STOP` for the owner's channels, :data:`RECOVERY_PHONE` for the one-time link."""
    return signing.dumps({"r": str(recovery_id)}, salt=salt, compress=True)


def read_recovery(token: str, *, salt: str) -> UUID:
    """:raises LinkOver: if it was not signed for this, or too long ago"""
    age = RECOVERY_STOP_SECONDS if salt == RECOVERY_STOP else DAY_SECONDS
    try:
        return UUID(signing.loads(token, salt=salt, max_age=age)["r"])
    except (signing.BadSignature, KeyError, TypeError, ValueError) as fault:
        raise LinkOver from fault
