"""Tokens of merchants' own systems: one store each, shown once, kept as a digest."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import ApiToken
from accounts.services import standing
from core import audit
from core.actor import Actor
from core.errors import NotFound


@transaction.atomic
def make_token(
    *, user_id: UUID, store_id: UUID, name: str, role: str, expires_at: datetime | None, actor: Actor, now: datetime
) -> tuple[ApiToken, str]:
    """
    Make a token and give it with its secret, which nobody can read again.

    :raises AccountLimited: if the account it acts for may make none
    """
    standing.require(user_id, "make_token")
    secret = f"tashi_{secrets.token_urlsafe(32)}"
    row = ApiToken.objects.create(
        user_id=user_id, store_id=store_id, name=name, role=role, digest=hashlib.sha256(secret.encode()).hexdigest(),
        created_at=now, expires_at=expires_at,
    )  # fmt: skip
    audit.record(
        actor=actor, act="api_token.made", subject_type="api_token", subject=str(row.pk),
        facts={"store": str(store_id), "name": name, "role": role},
    )  # fmt: skip
    return row, secret


@transaction.atomic
def revoke_token(*, store_id: UUID, token_id: UUID, actor: Actor, now: datetime) -> ApiToken:
    """
    Close one token of a store; what is closed already stays as it is.

    :raises NotFound: if the store has none such
    """
    row = ApiToken.objects.select_for_update().filter(pk=token_id, store_id=store_id).first()
    if row is None:
        raise NotFound
    if row.revoked_at is None:
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
        audit.record(
            actor=actor, act="api_token.revoked", subject_type="api_token", subject=str(row.pk),
            facts={"store": str(store_id), "name": row.name},
        )  # fmt: skip
    return row


@transaction.atomic
def revoke_tokens(*, store_id: UUID, name: str, actor: Actor, now: datetime) -> int:
    """Close a store's tokens of one name; how many there were."""
    rows = ApiToken.objects.filter(store_id=store_id, name=name, revoked_at__isnull=True)
    closed = list(rows.values_list("pk", flat=True))
    rows.filter(pk__in=closed).update(revoked_at=now)
    for pk in closed:
        audit.record(
            actor=actor, act="api_token.revoked", subject_type="api_token", subject=str(pk), facts={"name": name}
        )
    return len(closed)
