"""Writing, removing and choosing addresses. Names of regions come from the table of divisions, never from a form."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import regions
from accounts.models import Address, User
from accounts.queries.addresses import address_of
from accounts.regions.table import HOLLOW_CITIES
from core.errors import DomainError, Invalid

MOST_ADDRESSES = 50


class TooManyAddresses(DomainError):
    code = "too_many_addresses"
    default_message = _("You have 50 addresses. Delete one that you no longer use.")


@transaction.atomic
def save_address(
    *,
    user_id: UUID,
    address_id: UUID | None,
    name: str,
    phone: str,
    district_code: str,
    street: str,
    postcode: str = "",
    is_default: bool = False,
) -> Address:
    """
    Write a new address, or a known one anew. A person's first address is the default one.

    :raises Invalid: if there is no such district
    :raises NotFound: if the address is not this person's
    :raises TooManyAddresses: if there are fifty already
    """
    _lock(user_id)
    address = Address(user_id=user_id)
    if address_id is not None:
        address = address_of(user_id=user_id, address_id=address_id)
    others = Address.objects.filter(user_id=user_id).exclude(pk=address.pk)
    if address_id is None and others.count() >= MOST_ADDRESSES:
        raise TooManyAddresses
    _place(address, district_code)
    address.name, address.phone, address.street, address.postcode = name, phone, street, postcode
    address.is_default = is_default or address.is_default or not others.filter(is_default=True).exists()
    if address.is_default:
        others.filter(is_default=True).update(is_default=False)
    address.save()
    return address


def _place(address: Address, district_code: str) -> None:
    place = regions.path(district_code)
    if place is None:
        raise Invalid(fields={"district_code": _("Choose province, city and district.")})
    address.district_code = place.district.code
    address.province = place.province.name
    address.city = "" if place.city.name in HOLLOW_CITIES else place.city.name
    address.district = place.district.name


@transaction.atomic
def delete_address(*, user_id: UUID, address_id: UUID) -> dict[str, str]:
    """
    Remove an address and give what it said, so that it can be put back. Orders keep their own copy.

    :raises NotFound: if it is not this person's
    """
    _lock(user_id)
    address = address_of(user_id=user_id, address_id=address_id)
    snapshot = address.as_snapshot()
    address.delete()
    if address.is_default:
        newest = Address.objects.filter(user_id=user_id).order_by("-created_at", "pk").first()
        if newest is not None:
            Address.objects.filter(pk=newest.pk).update(is_default=True)
    return snapshot


@transaction.atomic
def make_default(*, user_id: UUID, address_id: UUID) -> None:
    """
    Let checkout begin with this address.

    :raises NotFound: if it is not this person's
    """
    _lock(user_id)
    address = address_of(user_id=user_id, address_id=address_id)
    Address.objects.filter(user_id=user_id, is_default=True).exclude(pk=address.pk).update(is_default=False)
    Address.objects.filter(pk=address.pk).update(is_default=True)


def _lock(user_id: UUID) -> None:
    """One change to a person's address book at a time: two defaults at once would break on the constraint."""
    list(User.objects.select_for_update().filter(pk=user_id).values_list("pk"))
