"""Tokens of merchants' own systems, as their store sees them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import ApiToken

ENDED = 20


def working_tokens(store_id: UUID, *, now: datetime) -> QuerySet[ApiToken]:
    """Those of a store that open something, the newest first, with who made them."""
    rows = ApiToken.objects.filter(_works(now), store_id=store_id).select_related("user")
    return rows.order_by("-created_at", "pk")


def ended_tokens(store_id: UUID, *, now: datetime) -> list[ApiToken]:
    """The latest of a store that open nothing any more."""
    rows = ApiToken.objects.filter(store_id=store_id).exclude(_works(now)).select_related("user")
    return list(rows.order_by("-created_at", "pk")[:ENDED])


def token_of(store_id: UUID, token_id: UUID, *, now: datetime) -> ApiToken | None:
    """One that works, of this store."""
    return working_tokens(store_id, now=now).filter(pk=token_id).first()


def _works(now: datetime) -> Q:
    return Q(revoked_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now))
