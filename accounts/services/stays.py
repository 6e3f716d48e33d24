"""Sessions as stays on a device, begun at login and ended on the server for good; and every try on record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import transaction

from accounts.models import Device, LoginEvent, MemberSession
from accounts.places import Seen


def note_try(
    *,
    user_id: UUID | None,
    outcome: str,
    seen: Seen,
    now: datetime,
    method: str = "",
    device_id: UUID | None = None,
    facts: Mapping[str, Any] | None = None,
) -> int:
    """Write down one try to come in, or one end of it; give its number."""
    row = LoginEvent.objects.create(
        user_id=user_id, at=now, outcome=outcome, method=method[:60], device_id=device_id, ip=seen.ip,
        prefix=seen.prefix, country=seen.country, user_agent=seen.user_agent[:300], facts=dict(facts or {}),
    )  # fmt: skip
    return row.pk


@transaction.atomic
def begin_stay(
    *,
    user_id: UUID,
    session_key: str,
    method: str,
    device_id: UUID | None,
    seen: Seen,
    now: datetime,
    is_app: bool = False,
) -> MemberSession:
    """Note that a session was opened."""
    return MemberSession.objects.create(
        user_id=user_id, device_id=device_id, session_key=session_key, method=method[:60], is_app=is_app, ip=seen.ip,
        country=seen.country, user_agent=seen.user_agent[:300], started_at=now, last_seen_at=now,
    )  # fmt: skip


def note_life(*, session_key: str, now: datetime) -> None:
    """Note that a session, and the device it is on, were just used."""
    MemberSession.objects.filter(session_key=session_key).update(last_seen_at=now)
    Device.objects.filter(stays__session_key=session_key).update(last_seen_at=now)


def end_session(*, session_key: str, reason: str, now: datetime) -> None:
    """Note the end of one session; who deletes its row is the caller."""
    MemberSession.objects.filter(session_key=session_key).update(session_key="", ended_at=now, end_reason=reason)


@transaction.atomic
def end_stays(
    *,
    user_id: UUID,
    reason: str,
    now: datetime,
    stay_id: UUID | None = None,
    device_id: UUID | None = None,
    keep_session: str | None = None,
) -> int:
    """
    End a person's sessions on the server: one, those of a device, or all but ``keep_session``; how many there were.

    The session rows are deleted: whoever holds such a cookie is nobody from the next request on.
    """
    rows = MemberSession.objects.filter(user_id=user_id, ended_at__isnull=True)
    if stay_id is not None:
        rows = rows.filter(pk=stay_id)
    if device_id is not None:
        rows = rows.filter(device_id=device_id)
    if keep_session:
        rows = rows.exclude(session_key=keep_session)
    keys = dict(rows.select_for_update().values_list("pk", "session_key"))
    Session.objects.filter(session_key__in=[key for key in keys.values() if key]).delete()
    return MemberSession.objects.filter(pk__in=list(keys)).update(session_key="", ended_at=now, end_reason=reason)
