"""
A store writes to many of its buyers at once (A7): proven, few a day, in batches by the outbox, and to nobody who has
muted it. Who gets it is fixed when it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts.services import standing
from core import audit, outbox
from core.actor import SYSTEM, Actor
from core.bulk import Inserts
from core.errors import DomainError, Invalid
from core.links import Prove, Worded, worded
from core.wording import when
from shop.errors import (
    AlreadyStopped,
    NobodyToWriteTo,
    NotYourPart,
    StoreMayNotWrite,
    TooManyMessages,
    TooManyToWriteTo,
)
from shop.models import MassMessage, MassRecipient, Store, StoreMute
from shop.queries.mass import Reach, buyers_of
from shop.roles import Act
from shop.services.access import require
from shop.services.standing import lock_store
from shop.states import StoreStatus

A_DAY = 2
DAY = timedelta(days=1)
MOST = 20_000  # buyers of one message
BATCH = 50
LONGEST = 2_000
MAY_WRITE = (StoreStatus.APPROVED, StoreStatus.ENDING)
_TO = Inserts(MassRecipient, varying=("user_id",))


@dataclass(frozen=True, slots=True)
class Letter:
    """What is written, and to whom. ``key``: of the page it was written on."""

    key: UUID
    reach: Reach
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Look:
    """A message before it is sent: how many it reaches, and its words as they are kept."""

    count: int
    words: Worded


def look_at(*, store: Store, letter: Letter, actor: Actor, now: datetime) -> Look:
    """
    What would be sent to how many; the same refusals as :func:`send`.

    :raises NobodyToWriteTo: if there is no such buyer
    :raises TooManyToWriteTo: if they are too many for one message
    :raises TooManyMessages: if the store has written as often today as it may
    :raises BadLink: if a link leads nowhere one may be sent
    """
    _may_write(store, actor=actor, now=now)
    words = _words(letter)
    return Look(_counted(buyers_of(store, letter.reach).count()), words)


@transaction.atomic
def send(*, store: Store, letter: Letter, actor: Actor, now: datetime, prove: Prove) -> MassMessage:
    """
    Fix who gets it and let it go out, in batches, after this; once, however often it is pressed.

    ``prove`` asks who is there, for these very words and buyers.
    """
    store = lock_store(store.pk)  # the mutex of the store's day
    sent = MassMessage.objects.filter(store_id=store.pk, key=letter.key).first()
    if sent is not None:
        require(store, Act.WRITE, actor=actor)
        return sent
    _may_write(store, actor=actor, now=now)
    words = _words(letter)
    buyers = list(buyers_of(store, letter.reach).values_list("pk", flat=True)[: MOST + 1])
    _counted(len(buyers))
    prove(words)
    assert actor.user_id is not None
    reach = letter.reach
    row = MassMessage.objects.create(
        store=store, author_id=actor.user_id, key=letter.key, audience=reach.audience, product_id=reach.product_id,
        since=reach.since, until=reach.until, subject=letter.subject, text=words.text, links=list(words.links),
        recipients=len(buyers), created_at=now,
    )  # fmt: skip
    _TO.add([(pk,) for pk in buyers], same={"message_id": row.pk})
    _record(row, "store.wrote_to_many", actor=actor, facts={"recipients": len(buyers), "links": list(words.links)})
    outbox.publish("store.mass_sent", message_id=str(row.pk), after=0)
    return row


@transaction.atomic
def stop(*, store: Store, message_id: UUID, actor: Actor, now: datetime) -> MassMessage:
    """
    Reach nobody further.

    :raises AlreadyStopped: if it has ended by now
    """
    require(store, Act.WRITE, actor=actor)
    if not _end(message_id, store_id=store.pk, stopped_at=now):
        raise AlreadyStopped
    row = MassMessage.objects.get(pk=message_id)
    _record(row, "store.mass_stopped", actor=actor, facts={})
    return row


def next_batch(row: MassMessage, *, after: int) -> list[MassRecipient]:
    """The next ones behind a place."""
    return list(MassRecipient.objects.filter(message=row, pk__gt=after).order_by("pk")[:BATCH])


def may_go_on(row: MassMessage, *, now: datetime) -> bool:
    """Whether a message under way still may: its writer and its store may have been stopped since."""
    try:
        _is_allowed(Store.objects.get(pk=row.store_id), actor=Actor(user_id=row.author_id))
    except DomainError as refusal:
        if _end(row.pk, store_id=row.store_id, stopped_at=now):
            _record(row, "store.mass_stopped", actor=SYSTEM, facts={"why": refusal.code})
        return False
    return True


def muted_among(batch: list[MassRecipient]) -> set[UUID]:
    """Who of a batch has muted the store since the message was sent."""
    rows = MassRecipient.objects.filter(pk__in=[one.pk for one in batch])
    muted = StoreMute.objects.filter(store_id=OuterRef("message__store_id"), user_id=OuterRef("user_id"))
    return set(rows.filter(Exists(muted)).values_list("user_id", flat=True))


@transaction.atomic
def pass_on(row: MassMessage, batch: list[MassRecipient], *, after: int, left_out: set[UUID], now: datetime) -> bool:
    """
    Note a batch as done and call for the next one; False if another run of the same batch was faster.

    The cursor is compared and set, so that a reaction that runs twice does not begin a second chain.
    """
    last = batch[-1].pk if batch else after
    if batch and not MassMessage.objects.filter(pk=row.pk, cursor=after).update(cursor=last):
        return False
    here = MassRecipient.objects.filter(pk__in=[one.pk for one in batch])
    here.filter(user_id__in=left_out).update(left_out=True)
    here.exclude(user_id__in=left_out).update(sent_at=now)
    if MassRecipient.objects.filter(message=row, pk__gt=last).exists():
        outbox.publish("store.mass_goes_on", message_id=str(row.pk), after=last)
    elif _end(row.pk, store_id=row.store_id, finished_at=now):
        _record(row, "store.mass_finished", actor=SYSTEM, facts={})
    return True


@transaction.atomic
def mute(*, store_id: UUID, actor: Actor, now: datetime) -> bool:
    """Send whoever asks no more of a store's messages to many; False if it was so."""
    assert actor.user_id is not None
    _row, is_new = StoreMute.objects.get_or_create(store_id=store_id, user_id=actor.user_id, defaults={"at": now})
    if is_new:
        audit.record(actor=actor, act="store.muted", subject_type="store", subject=str(store_id))
    return is_new


@transaction.atomic
def unmute(*, store_id: UUID, actor: Actor) -> bool:
    assert actor.user_id is not None
    deleted, _rows = StoreMute.objects.filter(store_id=store_id, user_id=actor.user_id).delete()
    if deleted:
        audit.record(actor=actor, act="store.unmuted", subject_type="store", subject=str(store_id))
    return bool(deleted)


def _may_write(store: Store, *, actor: Actor, now: datetime) -> None:
    _is_allowed(store, actor=actor)
    recent = MassMessage.objects.filter(store_id=store.pk, created_at__gt=now - DAY).order_by("-created_at")
    oldest: list[datetime] = list(recent.values_list("created_at", flat=True)[A_DAY - 1 : A_DAY])
    if oldest:
        text = _("A store writes to many buyers at most %(most)s times in a day. You can write again from %(when)s.")
        raise TooManyMessages(text % {"most": A_DAY, "when": when(oldest[0] + DAY)})


def _is_allowed(store: Store, *, actor: Actor) -> None:
    require(store, Act.WRITE, actor=actor)
    if actor.token_role:
        raise NotYourPart  # a system cannot be asked who it is
    standing.require(actor.user_id, "write_to_many")
    if store.status not in MAY_WRITE:
        raise StoreMayNotWrite


def _words(letter: Letter) -> Worded:
    if not letter.subject.strip() or not letter.text.strip():
        raise Invalid
    if worded(letter.subject, longest=200).links:
        text = _("A link belongs into the message, not into its subject.")
        raise Invalid(text, fields={"subject": text})
    return worded(letter.text.strip(), longest=LONGEST)


def _counted(count: int) -> int:
    if not count:
        raise NobodyToWriteTo
    if count > MOST:
        raise TooManyToWriteTo
    return count


def _end(message_id: UUID, *, store_id: UUID, **how: datetime) -> bool:
    under_way = MassMessage.objects.filter(
        pk=message_id, store_id=store_id, finished_at__isnull=True, stopped_at__isnull=True
    )
    return bool(under_way.update(**how))


def _record(row: MassMessage, act: str, *, actor: Actor, facts: dict[str, object]) -> None:
    audit.record(actor=actor, act=act, subject_type="mass_message", subject=str(row.pk),
                 facts={"store": str(row.store_id), "audience": row.audience, **facts})  # fmt: skip
