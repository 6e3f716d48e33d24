"""Keys of a store's other systems: made by an owner, shown once, few, never for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import ApiToken
from accounts.queries.tokens import working_tokens
from accounts.services import tokens
from core import outbox
from core.actor import Actor
from core.errors import Invalid
from shop.errors import KeyNameTaken, TooManyKeys
from shop.models import Store
from shop.roles import Act, Role
from shop.services.access import require
from shop.services.standing import lock_store

MOST = 10
LIFETIMES = (30, 90, 365)  # days
USUAL = 90
# What an owner alone may do is done by a person: it asks who he is, and a system cannot answer.
ROLES = (Role.SHIPPER, Role.SUPPORT, Role.FINANCE, Role.MANAGER)


@transaction.atomic
def make_key(*, store: Store, name: str, role: str, days: int, actor: Actor, now: datetime) -> tuple[ApiToken, str]:
    """
    Make a key and give it with its secret, which nobody can read again.

    :raises AccountLimited: if whoever makes it may make none now
    :raises TooManyKeys: if ten work already
    :raises KeyNameTaken: if one of this name works
    :raises Invalid: if role or lifetime is none that is offered
    """
    store = lock_store(store.pk)
    require(store, Act.KEYS, actor=actor)
    assert actor.user_id is not None
    if role not in ROLES or days not in LIFETIMES or not name.strip():
        raise Invalid
    names = list(working_tokens(store.pk, now=now).values_list("name", flat=True))
    if len(names) >= MOST:
        raise TooManyKeys
    if name.strip() in names:
        raise KeyNameTaken
    row, secret = tokens.make_token(
        user_id=actor.user_id, store_id=store.pk, name=name.strip(), role=role, expires_at=now + timedelta(days=days),
        actor=actor, now=now,
    )  # fmt: skip
    outbox.publish("store.key_made", token_id=str(row.pk))
    return row, secret


@transaction.atomic
def revoke_key(*, store: Store, token_id: UUID, actor: Actor, now: datetime) -> ApiToken:
    """
    Close a key; its system is shut out with the next request.

    :raises NotFound: if the store has none such
    """
    require(store, Act.KEYS, actor=actor)
    row = tokens.revoke_token(store_id=store.pk, token_id=token_id, actor=actor, now=now)
    outbox.publish("store.key_closed", token_id=str(row.pk), by=str(actor.user_id))
    return row
