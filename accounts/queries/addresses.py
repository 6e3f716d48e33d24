"""Where parcels go. Every question names the owner: a stranger's address does not exist."""

from __future__ import annotations

from uuid import UUID

from accounts.models import Address
from core.errors import NotFound
from core.prepared import Blank, Prepared

_OF = Prepared(lambda: Address.objects.filter(user=Blank("user")).order_by("-is_default", "-created_at", "pk"))
_ONE_OF = Prepared(lambda: Address.objects.filter(pk=Blank("pk"), user=Blank("user")))


def addresses_of(*, user_id: UUID) -> list[Address]:
    """A person's addresses, the default first, then the newest."""
    return _OF.all(user=user_id)


def address_of(*, user_id: UUID, address_id: UUID) -> Address:
    """
    One address of this person.

    :raises NotFound: if it is somebody else's or none at all
    """
    address = _ONE_OF.first(pk=address_id, user=user_id)
    if address is None:
        raise NotFound(fields={"address": ""})
    return address
