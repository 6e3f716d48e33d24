"""How an account stands, in what its owner wants to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from accounts.models import Device, Incident, SignInChange, User
from accounts.queries.factors import factors_of
from accounts.queries.incidents import incidents_of
from accounts.states import Standing

SHOWN_FOR = timedelta(days=30)
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Safety:
    """``may_reopen``: a limited account can be opened by its owner from here, as he is seen here."""

    standing: str
    words: str
    may_reopen: bool
    changes: Sequence[SignInChange]
    incidents: Sequence[Incident]


def is_trusted(user_id: UUID, device_id: UUID | None, *, now: datetime) -> bool:
    """Whether a session lives on a device that this person has proven his; a limited account trusts no new one."""
    rows = Device.objects.filter(user_id=user_id, revoked_at__isnull=True, trusted_until__gt=now)
    return device_id is not None and rows.filter(pk=device_id).exists()


def safety_of(user: User, *, device_id: UUID | None, now: datetime) -> Safety:
    changed = SignInChange.objects.filter(user=user, at__gt=now - SHOWN_FOR).order_by("-at", "-pk")[:SHOWN]
    may = user.standing == Standing.LIMITED and (bool(factors_of(user)) or is_trusted(user.pk, device_id, now=now))
    return Safety(
        standing=user.standing, words=user.get_standing_display(), may_reopen=may, changes=list(changed),
        incidents=list(incidents_of(user.pk)[:SHOWN]),
    )  # fmt: skip
