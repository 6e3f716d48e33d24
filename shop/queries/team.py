"""Who is of a store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from shop.models import Store, StoreInvitation, StoreMember
from shop.roles import Role, may
from shop.states import InvitationStatus


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody in a team."""

    user: User
    role: str
    since: datetime
    is_principal: bool  # the store belongs to him

    @property
    def label(self) -> str:
        return str(Role(self.role).label)


def team_of(store: Store) -> list[Seat]:
    """Everybody of a store, whom it belongs to first. Two queries."""
    rows = store_members(store).select_related("user").order_by("joined_at", "pk")
    principal = Seat(User.objects.get(pk=store.owner_id), Role.OWNER, store.created_at, True)
    return [principal, *(Seat(row.user, row.role, row.joined_at, False) for row in rows)]


def store_members(store: Store) -> QuerySet[StoreMember]:
    """Who is in it now, beside whom it belongs to."""
    return StoreMember.objects.filter(store=store, left_at__isnull=True)


def open_invitations(store: Store) -> list[StoreInvitation]:
    rows = StoreInvitation.objects.filter(store=store, status=InvitationStatus.OPEN)
    return list(rows.order_by("-invited_at", "pk"))


def ids_of(store: Store, *, act: str) -> list[UUID]:
    """Those of a store whose role includes an act: who is told of it."""
    rows = store_members(store).order_by("joined_at", "pk").values_list("user_id", "role")
    return [store.owner_id, *(user_id for user_id, role in rows if may(role, act))]
