"""The demo people as members."""

from __future__ import annotations

import uuid

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts import regions
from accounts.models import Address, User
from accounts.regions.table import HOLLOW_CITIES
from demo.people import PASSWORD, PEOPLE, Person, Role

# The same ids on every machine, so that links and screenshots keep their meaning.
NAMESPACE = uuid.UUID("6f1d3a52-7d3c-4f0e-9a4e-0c8f5b7e2a11")


def demo_id(name: str) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, name)


def seed_people() -> dict[str, User]:
    """Write the demo people with their addresses; give them by key. One hash serves all: they share a password."""
    password = make_password(PASSWORD)
    users = {person.key: _user(person, password) for person in PEOPLE}
    User.objects.bulk_create(users.values())
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email or "", verified=True, primary=True) for user in users.values()
    )
    Address.objects.bulk_create(address for person in PEOPLE for address in _addresses(person, users[person.key]))
    return users


def _user(person: Person, password: str) -> User:
    return User(
        id=demo_id(f"person:{person.key}"),
        email=person.email,
        phone=person.phone,
        phone_verified=True,
        name=person.name,
        language=person.language,
        is_mediator=person.role == Role.MEDIATOR,
        is_staff=person.role == Role.SUPERUSER,
        is_superuser=person.role == Role.SUPERUSER,
        password=password,
    )


def _addresses(person: Person, user: User) -> list[Address]:
    rows = []
    for index, item in enumerate(person.addresses):
        path = regions.path(item.district_code)
        assert path is not None, item.district_code
        rows.append(
            Address(
                id=demo_id(f"address:{person.key}:{index}"), user=user, name=item.name, phone=item.phone,
                district_code=item.district_code, province=path.province.name,
                city="" if path.city.name in HOLLOW_CITIES else path.city.name,
                district=path.district.name, street=item.street, postcode=item.postcode, is_default=item.is_default,
            )
        )  # fmt: skip
    return rows
