"""One story of an account (R7): logins, devices, proofs, changes, acts of people and staff, and money that left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.agents import agent_name
from accounts.models import Challenge, Device, IncidentEntry, LoginEvent, SignInChange
from accounts.places import country_of
from accounts.purposes import PURPOSES
from accounts.queries.devices import OUTCOMES
from accounts.states import RecoveryProof
from accounts.towns import place_words
from core.models import AuditEntry
from escrow.models import Payout, StorePayoutHold
from escrow.states import HoldCause
from shop.models import Store

EACH, ALL = 100, 200
ACTS = ("payout_account.", "payout.", "product.saved", "api_token.", "coupon.", "adjustment.")  # what a thief would do


@dataclass(frozen=True, slots=True)
class Event:
    """``kind``: login, device, proof, change, act, staff, money."""

    at: datetime
    kind: str
    word: str
    text: str = ""


def timeline_of(user_id: UUID, *, most: int = ALL) -> list[Event]:
    """The newest first; of each source the last hundred, so that one of them cannot hide the others."""
    stores = list(Store.objects.filter(owner_id=user_id).values_list("pk", flat=True))
    sources = (
        _logins(user_id), _devices(user_id), _proofs(user_id), _changes(user_id), _incidents(user_id),
        _audit(user_id, stores), _money(stores),
    )  # fmt: skip
    found = [event for source in sources for event in source]
    return sorted(found, key=lambda event: event.at, reverse=True)[:most]


def _logins(user_id: UUID) -> Iterator[Event]:
    for row in LoginEvent.objects.filter(user_id=user_id).order_by("-pk")[:EACH]:
        how = RecoveryProof.words(row.method.split("+")) if row.outcome == "recovery" else [row.method]
        where = _join(*how, agent_name(row.user_agent), place_words(row.ip, row.country), row.ip)
        yield Event(row.at, "login", str(OUTCOMES.get(row.outcome, row.outcome)), where)


def _devices(user_id: UUID) -> Iterator[Event]:
    for row in Device.objects.filter(user_id=user_id).order_by("-created_at")[:EACH]:
        name = row.name or agent_name(row.user_agent) or str(row.pk)[:8]
        where = _join(place_words(row.first_ip, country_of(row.first_ip)), row.first_ip)
        yield Event(row.created_at, "device", _("Device trusted"), _join(name, row.verified_by, where))
        if row.revoked_at:
            yield Event(row.revoked_at, "device", _("Device revoked"), _join(name, row.revoked_reason))


def _proofs(user_id: UUID) -> Iterator[Event]:
    for row in Challenge.objects.filter(user_id=user_id).order_by("-created_at")[:EACH]:
        purpose = str(PURPOSES[row.purpose].words) if row.purpose in PURPOSES else row.purpose
        tries = _("%(n)d tries") % {"n": row.attempts} if row.attempts else ""
        word = _("Proof given") if row.passed_at else _("Proof asked for")
        when = row.passed_at or row.created_at
        yield Event(when, "proof", word, _join(purpose, row.channel, row.target_masked, tries, row.ip))


def _changes(user_id: UUID) -> Iterator[Event]:
    for row in SignInChange.objects.filter(user_id=user_id).order_by("-at")[:EACH]:
        what = str(row.get_what_display())
        yield Event(row.at, "change", _("Changed: %(what)s") % {"what": what}, row.ip)
        if row.undone_at:
            yield Event(row.undone_at, "change", _("Change stopped: %(what)s") % {"what": what})


def _incidents(user_id: UUID) -> Iterator[Event]:
    rows = IncidentEntry.objects.filter(incident__user_id=user_id).order_by("-at")[:EACH]
    for row in rows:
        yield Event(row.at, "staff" if row.by_staff else "act", str(row.get_kind_display()), row.text[:200])


def _audit(user_id: UUID, stores: list[UUID]) -> Iterator[Event]:
    """What was done to the account, and what it did about money, prices and keys."""
    own = Q(subject_type="account", subject=str(user_id))
    shops = Q(subject_type="store", subject__in=[str(pk) for pk in stores])
    rows = AuditEntry.objects.filter(own | shops, order_id__isnull=True).order_by("-pk")[:EACH]
    for row in rows:
        yield _of(row, user_id)
    by_him = Q()
    for act in ACTS:
        by_him |= Q(act__startswith=act)
    for row in AuditEntry.objects.filter(by_him, user_id=user_id).exclude(subject_type="store").order_by("-pk")[:EACH]:
        yield _of(row, user_id)


def _of(row: AuditEntry, user_id: UUID) -> Event:
    kind = "act" if row.user_id == user_id else "staff" if row.user_id else "act"
    return Event(row.at, kind, row.act, _join(row.reason, *(f"{key}: {row.facts[key]}" for key in sorted(row.facts))))


def _money(stores: list[UUID]) -> Iterator[Event]:
    for row in Payout.objects.select_related("destination").filter(store_id__in=stores).order_by("-pk")[:EACH]:
        to = f"{row.destination.place} ·{row.destination.last4}"
        yield Event(row.created_at, "money", _("Payout"), _join(str(row.amount), str(row.get_status_display()), to))
    for hold in StorePayoutHold.objects.filter(store_id__in=stores).order_by("-pk")[:EACH]:
        yield Event(hold.at, "money", _("Payouts held"), str(HoldCause(hold.cause).label))
        if hold.lifted_at:
            yield Event(hold.lifted_at, "money", _("Payouts let go"), str(HoldCause(hold.cause).label))


def _join(*parts: str) -> str:
    return " · ".join(part for part in parts if part)[:300]
