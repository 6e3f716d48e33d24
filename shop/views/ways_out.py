"""What a signed way off the site leads to: the link of a product's manual, of a case's message, of one to buyers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from core.actor import Actor
from core.links import LinkGone, host_of, is_foreign_script, same_of, subject_of
from disputes.queries import entry_with_links
from disputes.states import Party
from disputes.views.seats import ROOMS, party_of
from shop.models import Store
from shop.queries.leaving import mass_message_with_links, product_with_manual
from shop.states import StoreStatus


@dataclass(frozen=True, slots=True)
class WayOut:
    """A link that stands somewhere. ``where``: what it was found in, ``words``: by whom, ``up``: the page of that."""

    link: str
    store: Store
    where: str
    words: str
    up: str

    @property
    def host(self) -> str:
        return host_of(self.link)

    @property
    def is_foreign(self) -> bool:
        return is_foreign_script(self.link)


def way_out_of(token: str, viewer: Actor) -> WayOut:
    """
    Where a signed way leads, for who may see the thing it was found in; a suspended store leads nobody anywhere.

    :raises LinkGone: if it is not ours, not his to see, was changed or taken away
    """
    subject, digest = subject_of(token)
    kind, _colon, key = subject.rpartition(":")
    try:
        way = FINDERS[kind](key, digest, viewer)
    except (KeyError, ValueError) as fault:
        raise LinkGone from fault
    if way.store.status == StoreStatus.SUSPENDED:
        raise LinkGone
    return way


def _of_product(key: str, digest: str, viewer: Actor) -> WayOut:
    product = product_with_manual(UUID(key))
    store = product.store
    return WayOut(
        same_of([product.manual_url], digest), store, product.display_title,
        _("%(store)s has linked this page as the manual of a product.") % {"store": store.display_name},
        reverse("shop:product", args=[product.pk]),
    )  # fmt: skip


def _of_case(key: str, digest: str, viewer: Actor) -> WayOut:
    entry = entry_with_links(int(key))
    case, store = entry.case, entry.case.order.store
    party = party_of(case, viewer)
    if not party:
        raise LinkGone
    return WayOut(
        same_of(entry.facts["links"], digest), store, _("Case %(number)s") % {"number": case.number},
        _("%(store)s has written this link in a message.") % {"store": store.display_name},
        reverse(ROOMS[Party(party)], args=[case.number]),
    )  # fmt: skip


def _of_mass_message(key: str, digest: str, viewer: Actor) -> WayOut:
    row, page = mass_message_with_links(UUID(key), viewer.user_id)
    return WayOut(
        same_of(row.links, digest), row.store, row.subject,
        _("%(store)s has written this link in a message.") % {"store": row.store.display_name},
        reverse(page, args=[row.pk]),
    )  # fmt: skip


FINDERS: Mapping[str, Callable[[str, str, Actor], WayOut]] = {
    "": _of_product, "case": _of_case, "mass": _of_mass_message,
}  # fmt: skip
