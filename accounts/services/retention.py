"""
What is forgotten when its time is over: codes, requests of the QR login, sessions that are over, texts that were sent.

The record of logins and the audit trail are append-only and stay; who has the database's own role cuts them by month.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db.models import Model

from accounts.models import Challenge, MemberSession, OutgoingMessage, QRLogin
from core import clock
from core.security_tables import table

BATCH = 1_000
# How long each is kept; docs/security.md has the same, and a test compares.
KEPT = {
    "codes and proofs": timedelta(days=180),  # the record that can be traced (ACCOUNTS §3)
    "requests of the QR login": timedelta(days=30),
    "sessions that are over": timedelta(days=180),
    "texts and mails that were sent": timedelta(days=90),
}


# Which rows, and the column that says since when.
_ROWS: dict[str, tuple[type[Model], str]] = {
    "codes and proofs": (Challenge, "created_at"),
    "requests of the QR login": (QRLogin, "created_at"),
    "sessions that are over": (MemberSession, "ended_at"),
    "texts and mails that were sent": (OutgoingMessage, "sent_at"),
}


def as_table() -> str:
    """For docs/security.md."""
    return table(["what", "kept for"], ([name, f"{kept.days} days"] for name, kept in KEPT.items()))


def forget_old(*, now: datetime) -> dict[str, int]:
    """Delete what is older than :data:`KEPT`, and how many of each; in batches, and safe to repeat or break off."""
    Session.objects.filter(expire_date__lt=now - clock.offset()).delete()  # by the real clock, as they are made
    return {name: _drop(*_ROWS[name], before=now - kept) for name, kept in KEPT.items()}


def _drop(model: type[Model], column: str, *, before: datetime) -> int:
    rows, count = model._default_manager.filter(**{f"{column}__lt": before}), 0
    while chosen := list(rows.values_list("pk", flat=True)[:BATCH]):
        count += model._default_manager.filter(pk__in=chosen).delete()[0]
    return count
