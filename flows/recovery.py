"""
Back into an account whose phone is lost: proofs from old records, three days in which its owner can object, a look by
staff, and a one-time link to prove a new phone. Nobody sets a password for somebody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.models import AccountRecovery, Device, SignInChange, User
from accounts.places import Seen
from accounts.services import changes, devices, incidents, stays
from accounts.services.people import JustTaken
from accounts.states import RECOVERY, RecoveryStatus
from core import deadlines, outbox
from core.actor import SYSTEM, Actor
from core.errors import DomainError, Forbidden, IllegalTransition, NotFound, TooMany
from core.limits import Rate, spend
from core.transitions import advance
from escrow.errors import FourEyes, NeedsReason
from flows import guarding
from shop.models import Order

WAIT, REVIEW_BY, LINK_BY, REMIND_EVERY = (
    timedelta(hours=72),
    timedelta(hours=48),
    timedelta(hours=24),
    timedelta(hours=24),
)
POINTS = {"device": 2, "order": 2, "second_order": 2, "earlier_address": 1, "password": 1}
ENOUGH = 3
# Per account that is named, whether there is one or not: from one address, or on one trusted device of it; and from
# all addresses together. A stranger's tries use up his own.
TRIES = (Rate(3, 86_400), Rate(10, 30 * 86_400))
TRIES_OF_ALL = (Rate(20, 86_400),)
TRIES_FROM = (Rate(10, 86_400),)  # per address
OPEN = (RecoveryStatus.WAITING, RecoveryStatus.REVIEW, RecoveryStatus.APPROVED)
_CLOCKS = ("recovery.wait", "recovery.review_by", "recovery.link_by")


@dataclass(frozen=True, slots=True)
class OrderSaid:
    """A past order as somebody remembers it."""

    number: str
    amount_minor: int
    recipient: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody who cannot sign in says and has. ``login``: phone or e-mail of the account."""

    login: str
    contact: str
    earlier: str = ""
    password: str = ""
    orders: Sequence[OrderSaid] = ()
    cookie: str = ""


class NotEnough(DomainError):
    code = "not_enough"
    status = 400
    default_message = _(
        "We could not match enough of this with our records. Look at an old confirmation for number, amount and"
        " recipient, and try again; after three tries a day has to pass."
    )


def claim(*, said: Claim, seen: Seen, now: datetime) -> AccountRecovery:
    """
    Begin, if enough of what is said agrees with the records. The answer is the same whether there is no such account,
    it is open already, or too little was right. Call it outside a transaction: a try is counted before it is judged.

    :raises NotEnough: if not enough agrees
    :raises TooMany: if too many tries were made for this account or from this address
    """
    name = said.login.strip().lower()
    user = _named(name)
    device = _trusted(user or User(), said.cookie, now=now)
    if _is_too_often(name, device, seen):
        raise TooMany
    proofs = _proofs(user or User(), said, device)
    points = sum(POINTS[proof] for proof in proofs)
    stays.note_try(
        user_id=user.pk if user else None, outcome="recovery", method="+".join(proofs)[:60], seen=seen, now=now
    )
    if user is None or points < ENOUGH:
        raise NotEnough
    row = start(user_id=user.pk, contact=said.contact, proofs=proofs, actor=SYSTEM, seen=seen, now=now)
    if row is None:
        raise NotEnough
    return row


@transaction.atomic
def start_by_staff(*, user_id: UUID, contact: str, reason: str, actor: Actor, now: datetime) -> AccountRecovery:
    """
    Begin for somebody who has proven himself to staff in another way; another of the staff looks at it after the wait.

    :raises IllegalTransition: if one is open already
    """
    if not actor.is_mediator or actor.user_id == user_id:
        raise Forbidden
    if not reason.strip() or not contact.strip():
        raise NeedsReason
    nowhere, why = Seen(ip="", user_agent=""), reason.strip()[:200]
    row = start(
        user_id=user_id, contact=contact, proofs=["staff"], actor=actor, seen=nowhere, now=now, reason=why
    )  # fmt: skip
    if row is None:
        raise IllegalTransition
    incidents.note_measure(user_id=user_id, measure="recovery", reason=reason, actor=actor, now=now)
    return row


@transaction.atomic
def start(
    *, user_id: UUID, contact: str, proofs: Sequence[str], actor: Actor, seen: Seen, now: datetime, reason: str = ""
) -> AccountRecovery | None:
    """The wait begins and every channel of the account hears of it; None if a recovery is open already."""
    User.objects.select_for_update().get(pk=user_id)
    if AccountRecovery.objects.filter(user_id=user_id, status__in=OPEN).exists():
        return None
    row = AccountRecovery.objects.create(
        user_id=user_id, proofs=list(proofs), contact=contact.strip()[:254], started_at=now, started_by=actor.user_id,
        ip=seen.ip, country=seen.country, user_agent=seen.user_agent[:300], reason=reason,
    )  # fmt: skip
    deadlines.schedule("recovery.wait", subject=row.pk, due_at=now + WAIT)
    outbox.publish("accounts.recovery_started", recovery_id=str(row.pk))
    return row


@transaction.atomic
def stop(*, recovery_id: UUID, now: datetime) -> AccountRecovery:
    """
    What the owner's button does. Since whoever has the lost phone can press it too, staff look at both sides: an
    incident is opened. Pressing it twice, or after the end, changes nothing.
    """
    row = _locked(recovery_id)
    if row.status not in OPEN:
        return row
    actor = Actor(user_id=row.user_id)
    advance(row, RecoveryStatus.STOPPED, machine=RECOVERY, actor=actor, reason="stopped by a channel", ended_at=now)
    deadlines.cancel_all(subjects=[row.pk], kinds=_CLOCKS)
    incidents.open_incident(
        user_id=row.user_id, text=f"Recovery {row.pk} was stopped with the link of the account's own channel.",
        actor=actor, now=now,
    )  # fmt: skip
    return row


@transaction.atomic
def approve(*, recovery_id: UUID, reason: str, actor: Actor, now: datetime) -> AccountRecovery:
    """
    Let the one-time link go out. Whoever began it for the member does not approve it.

    :raises FourEyes: if it is the one who began it
    :raises IllegalTransition: if the wait is not over, or it is decided
    """
    row = _to_review(recovery_id, reason, actor)
    advance(row, RecoveryStatus.APPROVED, machine=RECOVERY, actor=actor, reason=reason.strip()[:200],
            reviewed_by=actor.user_id, reviewed_at=now)  # fmt: skip
    deadlines.cancel_all(subjects=[row.pk], kinds=_CLOCKS)
    deadlines.schedule("recovery.link_by", subject=row.pk, due_at=now + LINK_BY)
    outbox.publish("accounts.recovery_approved", recovery_id=str(row.pk))
    return row


@transaction.atomic
def refuse(*, recovery_id: UUID, reason: str, actor: Actor, now: datetime) -> AccountRecovery:
    row = _to_review(recovery_id, reason, actor)
    advance(row, RecoveryStatus.REFUSED, machine=RECOVERY, actor=actor, reason=reason.strip()[:200],
            reviewed_by=actor.user_id, reviewed_at=now, ended_at=now)  # fmt: skip
    deadlines.cancel_all(subjects=[row.pk], kinds=_CLOCKS)
    outbox.publish("accounts.recovery_refused", recovery_id=str(row.pk))
    return row


def open_link(recovery_id: UUID) -> AccountRecovery:
    """:raises NotFound: if the link was used, or the recovery stopped or expired"""
    row = AccountRecovery.objects.filter(pk=recovery_id, status=RecoveryStatus.APPROVED).first()
    if row is None:
        raise NotFound(_("This link was used, or is over."))
    return row


@transaction.atomic
def finish(*, recovery_id: UUID, phone: str, ip: str, now: datetime) -> User:
    """
    Give the account its new, just proven phone. Every session and device is out, the old password opens nothing, a
    second factor stays, and no payout leaves for three days.

    :raises NotFound: if the link was used
    :raises JustTaken: if the number belongs to somebody else
    """
    row = _locked(recovery_id)
    if row.status != RecoveryStatus.APPROVED:
        raise NotFound
    actor, user_id, was = Actor(user_id=row.user_id), row.user_id, changes.before(row.user_id)
    advance(row, RecoveryStatus.DONE, machine=RECOVERY, actor=actor, reason="new phone proven", ended_at=now)
    user = User.objects.select_for_update().get(pk=user_id)
    user.phone, user.phone_verified = phone, True
    user.set_unusable_password()
    _save(user)
    for pk in Device.objects.filter(user_id=user_id, revoked_at__isnull=True).values_list("pk", flat=True):
        devices.revoke_device(device_id=pk, user_id=user_id, actor=actor, reason="reset", now=now)
    stays.end_stays(user_id=user_id, reason="recovery", now=now)
    guarding.note_change("phone", was, actor=actor, ip=ip, now=now, with_stop=False)
    deadlines.cancel_all(subjects=[row.pk], kinds=_CLOCKS)
    outbox.publish("accounts.recovered", recovery_id=str(row.pk))
    return user


def wait_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: three days are over and nobody objected; staff look at it."""
    for subject in subjects:
        with transaction.atomic():
            row = _locked(UUID(subject))
            deadlines.finish("recovery.wait", subjects=[subject])
            if row.status == RecoveryStatus.WAITING:
                advance(row, RecoveryStatus.REVIEW, machine=RECOVERY, actor=SYSTEM, reason="nobody objected")
                deadlines.schedule("recovery.review_by", subject=row.pk, due_at=now + REVIEW_BY)
                outbox.publish("accounts.recovery_waits", recovery_id=subject, at=now.isoformat())


@transaction.atomic
def review_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: nobody has looked; staff hear of it each day until somebody has."""
    rows = AccountRecovery.objects.filter(pk__in=subjects, status=RecoveryStatus.REVIEW)
    still = sorted(str(pk) for pk in rows.values_list("pk", flat=True))
    deadlines.finish("recovery.review_by", subjects=[pk for pk in subjects if pk not in still])
    outbox.publish_many("accounts.recovery_waits", [{"recovery_id": pk, "at": now.isoformat()} for pk in still])
    deadlines.schedule_all([("recovery.review_by", pk, now + REMIND_EVERY) for pk in still])


def link_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: the link was not used in a day."""
    for subject in subjects:
        with transaction.atomic():
            row = _locked(UUID(subject))
            deadlines.finish("recovery.link_by", subjects=[subject])
            if row.status == RecoveryStatus.APPROVED:
                advance(
                    row, RecoveryStatus.EXPIRED, machine=RECOVERY, actor=SYSTEM, reason="link not used", ended_at=now
                )


def _named(name: str) -> User | None:
    """The account of a phone or e-mail, now or before the latest change of it: two questions, whatever is found."""
    rows = User.objects.filter(is_active=True)
    change = SignInChange.objects.filter(old_value=name, undone_at__isnull=True).order_by("-at").values("user_id")[:1]
    now = Q(email=name) | Q(phone=name, phone_verified=True)
    found = [rows.filter(now).order_by("pk").first(), rows.filter(pk=Subquery(change)).first()]
    return next((user for user in found if user is not None), None)


def _trusted(user: User, cookie: str, *, now: datetime) -> Device | None:
    """The browser, if this account trusts it; a secret that was copied makes it nobody's."""
    known = devices.recognise(user_id=user.pk, cookie=cookie, now=now)
    return None if known.is_stolen else known.device


def _is_too_often(name: str, device: Device | None, seen: Seen) -> bool:
    """Count one more try. Those of strangers do not use up those of the owner, least of all on his own device."""
    if spend(name="recovery-from", who=seen.ip, rates=TRIES_FROM):
        return True
    if device is not None:
        return bool(spend(name="recovery", who=f"{name} {device.pk}", rates=TRIES))
    from_here = spend(name="recovery", who=f"{name} {seen.ip}", rates=TRIES)
    return bool(from_here or spend(name="recovery-all", who=name, rates=TRIES_OF_ALL))


def _proofs(user: User, said: Claim, device: Device | None) -> list[str]:
    """Which proofs agree with the records. All are looked at, whatever the others said."""
    found = ["device"] if device is not None else []
    # Number, amount and recipient stand on the desk of the store that packs it: a second order is one of another store.
    stores = {store for one in said.orders if (store := _store_of(user, one)) is not None}
    found += ["order"] * (len(stores) > 0) + ["second_order"] * (len(stores) > 1)
    if _is_earlier(user, said.earlier.strip().lower(), besides=said.login.strip().lower()):
        found.append("earlier_address")
    if user.check_password(said.password or "-"):
        found.append("password")
    return found


def _store_of(user: User, said: OrderSaid) -> UUID | None:
    """Whose paid order it is, if all that is said of it is right."""
    rows = Order.objects.filter(number=said.number.strip()[:40], buyer_id=user.pk, paid_at__isnull=False)
    order = rows.filter(total_minor=said.amount_minor).first()
    name = str(order.address.get("name", "")) if order else ""
    is_right = order is not None and bool(name) and name.strip().casefold() == said.recipient.strip().casefold()
    return order.store_id if order is not None and is_right else None


def _is_earlier(user: User, address: str, *, besides: str) -> bool:
    """An address other than the one that names the account: its other one, or one from before a change."""
    if not address or address == besides:
        return False
    own = address in {user.email, user.phone if user.phone_verified else None}
    return SignInChange.objects.filter(user_id=user.pk, old_value=address).exists() or own


def _locked(recovery_id: UUID) -> AccountRecovery:
    row = AccountRecovery.objects.select_for_update().filter(pk=recovery_id).first()
    if row is None:
        raise NotFound
    return row


def _to_review(recovery_id: UUID, reason: str, actor: Actor) -> AccountRecovery:
    if not actor.is_mediator:
        raise Forbidden
    if not reason.strip():
        raise NeedsReason
    row = _locked(recovery_id)
    if actor.user_id in (row.user_id, row.started_by):
        raise FourEyes
    return row


def _save(user: User) -> None:
    try:
        with transaction.atomic():
            user.save(update_fields=["phone", "phone_verified", "password"])
    except IntegrityError as taken:
        raise JustTaken(_("This phone number belongs to another account.")) from taken
