"""One story of an account (R7): logins, devices, proofs, changes, acts of people and staff, and money that moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.agents import agent_name
from accounts.models import Challenge, Device, IncidentEntry, LoginEvent, SignInChange
from accounts.places import country_of
from accounts.states import RecoveryProof
from accounts.towns import place_words
from core.models import AuditEntry
from escrow.models import Compensation, Payment, Payout, Refund, StorePayoutHold
from escrow.states import CompensationStatus, HoldCause
from flows import account_words as words
from shop.models import Product, Store

EACH, ALL = 100, 200
ACTS = ("payout_account.", "payout.", "product.saved", "api_token.", "coupon.", "adjustment.")  # what a thief would do


@dataclass(frozen=True, slots=True)
class Event:
    """``kind``: login, device, proof, change, act, staff, money."""

    at: datetime
    kind: str
    word: str
    text: str = ""


def timeline_of(user_id: UUID, *, for_member: bool = False, most: int = ALL) -> list[Event]:
    """
    The newest first; of each source the last hundred, so that one of them cannot hide the others.

    ``for_member``: as its owner reads it, without what staff write for each other. What was said in his incidents he
    has on their pages.
    """
    stores = list(Store.objects.filter(owner_id=user_id).values_list("pk", flat=True))
    sources = [
        _logins(user_id), _devices(user_id), _proofs(user_id), _changes(user_id), _audit(user_id, stores, for_member),
        _paid(user_id), _money(stores), _made_good(user_id, for_member),
    ]  # fmt: skip
    if not for_member:
        sources.append(_incidents(user_id))
    found = [event for source in sources for event in source]
    return sorted(found, key=lambda event: event.at, reverse=True)[:most]


def _logins(user_id: UUID) -> Iterator[Event]:
    for row in LoginEvent.objects.filter(user_id=user_id).order_by("-pk")[:EACH]:
        how = RecoveryProof.words(row.method.split("+")) if row.outcome == "recovery" else [words.ways(row.method)]
        where = _join(*how, agent_name(row.user_agent), place_words(row.ip, row.country), row.ip)
        yield Event(row.at, "login", _as_sentence(words.word("outcome", row.outcome)), where)


def _devices(user_id: UUID) -> Iterator[Event]:
    for row in Device.objects.filter(user_id=user_id).order_by("-created_at")[:EACH]:
        name = row.name or agent_name(row.user_agent) or str(row.pk)[:8]
        where = _join(words.ways(row.verified_by), place_words(row.first_ip, country_of(row.first_ip)), row.first_ip)
        yield Event(row.created_at, "device", _("Device trusted"), _join(name, where))
        if row.revoked_at:
            why = words.word("revoked", row.revoked_reason) if row.revoked_reason else ""
            yield Event(row.revoked_at, "device", _("Device revoked"), _join(name, why))


def _proofs(user_id: UUID) -> Iterator[Event]:
    for row in Challenge.objects.filter(user_id=user_id).order_by("-created_at")[:EACH]:
        tries = ngettext("%(n)d try", "%(n)d tries", row.attempts) % {"n": row.attempts} if row.attempts else ""
        told = _("Proof given: %(what)s") if row.passed_at else _("Proof asked for: %(what)s")
        way = words.word("way", row.channel) if row.channel else ""
        what, when = words.word("proof", row.purpose), row.passed_at or row.created_at
        yield Event(when, "proof", told % {"what": what}, _join(way, row.target_masked, tries, row.ip))


def _changes(user_id: UUID) -> Iterator[Event]:
    for row in SignInChange.objects.filter(user_id=user_id).order_by("-at")[:EACH]:
        what = str(row.get_what_display())
        yield Event(row.at, "change", _("Changed: %(what)s") % {"what": what}, row.ip)
        if row.undone_at:
            yield Event(row.undone_at, "change", _("Change stopped: %(what)s") % {"what": what})


def _incidents(user_id: UUID) -> Iterator[Event]:
    rows = IncidentEntry.objects.filter(incident__user_id=user_id).order_by("-at")[:EACH]
    for row in rows:
        yield Event(row.at, "staff" if row.by_staff else "act", _as_sentence(_said(row)), row.text[:200])


def _said(row: IncidentEntry) -> str:
    if row.measure:
        return str(row.get_measure_display())
    if row.kind != IncidentEntry.Kind.SAID:
        return str(row.get_kind_display())
    return _("Staff wrote in the incident") if row.by_staff else _("The member wrote in the incident")


def _audit(user_id: UUID, stores: list[UUID], for_member: bool) -> Iterator[Event]:
    """What was done to the account, and what it did about money, prices and keys."""
    own = Q(subject_type="account", subject=str(user_id))
    shops = Q(subject_type="store", subject__in=[str(pk) for pk in stores])
    by_him = Q()
    for act in ACTS:
        by_him |= Q(act__startswith=act)
    told = AuditEntry.objects.exclude(act__in=words.TOLD_ELSEWHERE).order_by("-pk")
    if for_member:
        told = told.exclude(act__in=words.STAFF_ONLY)
    rows = list(told.filter(own | shops, order_id__isnull=True)[:EACH])
    rows += told.filter(by_him, user_id=user_id).exclude(subject_type="store")[:EACH]
    goods = _titles(row.subject for row in rows if row.subject_type == "product")
    for row in rows:
        yield _of(row, user_id, goods.get(row.subject, ""))


def _titles(subjects: Iterable[str]) -> dict[str, str]:
    found = set(subjects)
    return {str(row.pk): row.display_title for row in Product.objects.filter(pk__in=found)} if found else {}


def _of(row: AuditEntry, user_id: UUID, title: str) -> Event:
    is_by_others = row.user_id is not None and row.user_id != user_id
    why = words.reason(row.reason, is_typed=is_by_others)
    kind = "staff" if is_by_others else "act"
    return Event(row.at, kind, words.word("act", row.act), _join(title, why, *words.details(row.act, row.facts)))


def _paid(user_id: UUID) -> Iterator[Event]:
    """What he paid as a buyer, and what went back to him."""
    for row in Payment.objects.filter(buyer_id=user_id, paid_at__isnull=False).order_by("-paid_at")[:EACH]:
        assert row.paid_at is not None
        yield Event(row.paid_at, "money", _("Paid for orders"), str(row.amount))
    for back in Refund.objects.filter(payment__buyer_id=user_id).order_by("-pk")[:EACH]:
        state = str(back.get_status_display())
        yield Event(back.created_at, "money", _("Refund to the buyer"), _join(str(back.amount), state))


def _money(stores: list[UUID]) -> Iterator[Event]:
    for row in Payout.objects.select_related("destination").filter(store_id__in=stores).order_by("-pk")[:EACH]:
        to = f"{row.destination.place} ·{row.destination.last4}"
        yield Event(row.created_at, "money", _("Payout"), _join(str(row.amount), str(row.get_status_display()), to))
    given = Refund.objects.filter(from_merchant=True, hold__order__store_id__in=stores)
    for back in given.select_related("hold__order").order_by("-pk")[:EACH]:
        assert back.hold is not None
        number, state = back.hold.order.number, str(back.get_status_display())
        told = _join(str(back.amount), number, state)
        yield Event(back.created_at, "money", _("Given back to a buyer after the release"), told)
    for hold in StorePayoutHold.objects.filter(store_id__in=stores).order_by("-pk")[:EACH]:
        yield Event(hold.at, "money", _("Payouts held"), str(HoldCause(hold.cause).label))
        if hold.lifted_at:
            yield Event(hold.lifted_at, "money", _("Payouts let go"), str(HoldCause(hold.cause).label))


def _made_good(user_id: UUID, for_member: bool) -> Iterator[Event]:
    rows = Compensation.objects.filter(incident__user_id=user_id).order_by("-pk")
    if for_member:
        rows = rows.filter(status=CompensationStatus.PAID)
    for row in rows[:EACH]:
        state = "" if row.status == CompensationStatus.PAID else str(row.get_status_display())
        when = row.decided_at or row.proposed_at
        yield Event(when, "money", _("Made good by the platform"), _join(str(row.amount), state, row.reason))


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _join(*parts: str) -> str:
    return " · ".join(part for part in parts if part)[:300]
