"""The one question of every verb that belongs to a store: may this person do this here?"""

from __future__ import annotations

from uuid import UUID

from core.actor import Actor
from core.errors import NotFound
from shop.errors import NotYourPart
from shop.models import Store
from shop.roles import may


def require(store: Store, act: str, *, actor: Actor) -> None:
    """
    Let pass who may do this in a store, as his role is at this moment; the system itself always may.

    :raises NotFound: for strangers
    :raises NotYourPart: if his role, or that of the token he comes with, does not include it
    """
    if actor.user_id is None:
        return
    role = store.role_of(actor.user_id)
    if not role:
        raise NotFound
    if not may(role, act) or (actor.token_role and not may(actor.token_role, act)):
        raise NotYourPart


def require_at(store_id: UUID, act: str, *, actor: Actor) -> Store:
    """
    The same for who has only the store's id; gives the store.

    :raises NotFound: if there is none, or for strangers
    """
    store = Store.objects.filter(pk=store_id).first()
    if store is None:
        raise NotFound
    require(store, act, actor=actor)
    return store
