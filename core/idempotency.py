"""Idempotency-Key: the same request twice is done once and answered the same."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError
from core.models import IdempotencyKey

LONGEST_REQUEST = timedelta(minutes=5)
KEPT = timedelta(hours=48)  # who has not asked again by then will not


class KeyReused(DomainError):
    code = "idempotency_key_reused"
    status = 422
    default_message = _("This Idempotency-Key was used for a different request.")


class InProgress(DomainError):
    code = "request_in_progress"
    default_message = _("The same request is still being worked on. Ask again in a moment.")


def begin(*, scope: str, key: str, body: bytes) -> tuple[IdempotencyKey, bool]:
    """
    Claim a key; the flag is True when the work is to be done now, False when ``row.response`` is the answer.

    :raises KeyReused: if the key stands for another request
    :raises InProgress: if the first request has not ended
    """
    digest = hashlib.sha256(body).hexdigest()
    try:
        with transaction.atomic():
            row = IdempotencyKey.objects.create(
                scope=scope, key=key[:80], request_sha256=digest, created_at=clock.now()
            )
        return row, True
    except IntegrityError:
        found = IdempotencyKey.objects.filter(scope=scope, key=key[:80]).first()
        if found is None:  # given free at this very moment
            raise InProgress from None
        row = found
    if row.request_sha256 != digest:
        raise KeyReused
    if row.status is None:
        return _take_over(row), True
    return row, False


def _take_over(row: IdempotencyKey) -> IdempotencyKey:
    """
    A request that has not ended after minutes died with its process, and its transactions with it: do it now.

    :raises InProgress: while it may still be running, or if another repetition was faster
    """
    now = clock.now()
    lost = IdempotencyKey.objects.filter(pk=row.pk, status__isnull=True, created_at__lt=now - LONGEST_REQUEST)
    if not lost.update(created_at=now):
        raise InProgress
    return row


def complete(row: IdempotencyKey, *, status: int, response: Any) -> None:
    IdempotencyKey.objects.filter(pk=row.pk).update(status=status, response=response)


def abandon(row: IdempotencyKey) -> None:
    """Free the key after a failure that changed nothing, so that the same request may be tried again."""
    IdempotencyKey.objects.filter(pk=row.pk, status__isnull=True).delete()


def purge(*, now: datetime) -> int:
    """Forget the keys that nobody will send again; give how many. Safe to repeat."""
    return IdempotencyKey.objects.filter(created_at__lt=now - KEPT).delete()[0]
