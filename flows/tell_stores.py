"""Telling a store's owners what was done in its name."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import ApiToken
from accounts.queries.people import person
from core.outbox import Payload
from core.wording import when
from flows.telling import tell_people
from shop.models import Store
from shop.queries.team import ids_of
from shop.roles import Act, Role


def owners_key_made(payload: Payload) -> None:
    """By site message and e-mail: whoever has a store's key needs no password and no code any more."""
    row, store = _key(payload)
    tell_people(ids_of(store, act=Act.KEYS), "store.key_made", row.pk, lambda: (
        _("A key for another system was made: %(name)s") % {"name": row.name},
        _("%(person)s made it for %(store)s, as %(role)s, until %(when)s. If nobody of you did this, close it at once.")
        % {"person": row.user.display_name, "store": store.display_name, "role": Role(row.role).label,
           "when": when(row.expires_at) if row.expires_at else "–"},
    ), url=reverse("merchant:keys"))  # fmt: skip


def owners_key_closed(payload: Payload) -> None:
    row, store = _key(payload)
    who = person(payload["by"]).display_name
    tell_people(ids_of(store, act=Act.KEYS), "store.key_closed", row.pk, lambda: (
        _("A key for another system was closed: %(name)s") % {"name": row.name},
        _("%(person)s closed it for %(store)s. The system that used it is shut out.")
        % {"person": who, "store": store.display_name},
    ), url=reverse("merchant:keys"))  # fmt: skip


def _key(payload: Payload) -> tuple[ApiToken, Store]:
    row = ApiToken.objects.select_related("user").get(pk=payload["token_id"])
    return row, Store.objects.get(pk=row.store_id)
