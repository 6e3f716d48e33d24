"""The people of the demo, as the sandbox lists them. The list itself is named by ``DEMO_PEOPLE``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import get_language

from accounts.models import User

FALLBACK_DOMAIN = "@example.com"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    email: str
    phone: str
    name: str
    role: str
    can_try: str
    password: str
    is_prominent: bool


def demo_people() -> list[DemoPerson]:
    """Those of the list who are in the database; without a list, whoever has an address that reaches nobody."""
    listed = _listed()
    if listed:
        here = User.objects.filter(email__in=[row.email for row in listed], is_active=True)
        known = set(here.values_list("email", flat=True))
        return [_shown(row) for row in listed if row.email in known]
    rows = User.objects.filter(email__endswith=FALLBACK_DOMAIN, is_active=True).order_by("date_joined", "pk")[:20]
    return [
        DemoPerson(
            email=user.email or "",
            phone=user.phone or "",
            name=user.display_name,
            role="mediator" if user.is_mediator else "buyer",
            can_try="",
            password="",
            is_prominent=True,
        )
        for user in rows
    ]


def demo_user(email: str) -> User | None:
    """The account of a listed person; nobody else can be signed in as."""
    if email not in {person.email for person in demo_people()}:
        return None
    return User.objects.filter(email=email, is_active=True).first()


def _listed() -> list[Any]:
    try:
        return list(import_string(settings.DEMO_PEOPLE))
    except ImportError:
        return []


def _shown(row: Any) -> DemoPerson:
    chinese = (get_language() or "").startswith("zh")
    return DemoPerson(
        email=row.email,
        phone=row.phone,
        name=row.name if chinese else row.name_en,
        role=str(row.role),
        can_try=row.can_try.zh if chinese else row.can_try.en,
        password=row.password,
        is_prominent=row.prominent,
    )
