"""Where parcels go. Every question names the owner: a stranger's address does not exist."""

from __future__ import annotations

from uuid import UUID

from accounts.models import Address
from core.errors import NotFound


def addresses_of(*, user_id: UUID) -> list[Address]:
    """A person's addresses, the default first, then the newest."""
    return list(Address.objects.filter(user_id=user_id).order_by("-is_default", "-created_at", "pk"))


def address_of(*, user_id: UUID, address_id: UUID) -> Address:
    """
    One address of this person.

    :raises NotFound: if it is somebody else's or none at all
    """
    address = Address.objects.filter(pk=address_id, user_id=user_id).first()
    if address is None:
        raise NotFound
    return address
