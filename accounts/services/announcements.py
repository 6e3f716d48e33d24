"""Writing, publishing and withdrawing announcements; closing them for oneself. Each act of staff is on record."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Announcement, User
from accounts.queries import announcements as queries
from accounts.services.step_up import digest_of
from core import audit
from core.actor import Actor
from core.errors import DomainError, Forbidden, Invalid, NotFound

MOST_DISMISSED = 40  # of the newest; older ones are over


class NotADraft(DomainError):
    code = "announcement_is_out"
    default_message = _("It is published: withdraw it and write a new one.")


class ReadAgain(DomainError):
    code = "announcement_changed"
    default_message = _("It was changed meanwhile. Read it again before you publish it.")


class EndsTooEarly(Invalid):
    code = "announcement_ends_early"
    default_message = _("It would end before it begins.")


@dataclass(frozen=True, slots=True)
class Words:
    """All of an announcement that is written."""

    kind: str
    audience: str
    importance: int
    title_en: str
    title_zh: str
    text_en: str
    text_zh: str
    from_at: datetime | None = None  # None: at once, when it is published
    until_at: datetime | None = None


@transaction.atomic
def write(*, words: Words, actor: Actor, now: datetime) -> Announcement:
    """
    Begin a draft.

    :raises Forbidden: if it is not staff who writes
    :raises EndsTooEarly: if it could never be shown
    """
    by = _staff(actor)
    _check(words)
    row = Announcement.objects.create(**asdict(words), written_by=by, written_at=now)
    _record(row, "written", actor, audience=row.audience)
    return row


@transaction.atomic
def rewrite(*, announcement_id: int, words: Words, actor: Actor) -> Announcement:
    """
    Change a draft.

    :raises NotADraft: if it is published or withdrawn
    """
    _staff(actor)
    _check(words)
    row = _draft(announcement_id)
    for name, value in asdict(words).items():
        setattr(row, name, value)
    row.save()
    _record(row, "changed", actor)
    return row


def words_of(row: Announcement) -> str:
    """A digest of all that is written in one, for whoever read it to say what he read."""
    return digest_of(*(getattr(row, name) for name in Words.__slots__))


@transaction.atomic
def publish(*, announcement_id: int, actor: Actor, now: datetime, read: str | None = None) -> Announcement:
    """
    Let it be seen, at once or from the moment that it names. From here on it cannot be changed.

    ``read``: what :func:`words_of` said of the words that whoever publishes has before him.

    :raises ReadAgain: if they are others by now
    :raises NotADraft: if it is published or withdrawn
    :raises EndsTooEarly: if its end has passed
    """
    by = _staff(actor)
    row = _draft(announcement_id)
    if read is not None and read != words_of(row):
        raise ReadAgain
    row.from_at = max(row.from_at or now, now)
    if row.until_at is not None and row.until_at <= row.from_at:
        raise EndsTooEarly
    row.published_at, row.published_by = now, by
    row.save(update_fields=["from_at", "published_at", "published_by"])
    _record(row, "published", actor, audience=row.audience, from_at=row.from_at.isoformat())
    _tell_all()
    return row


@transaction.atomic
def withdraw(*, announcement_id: int, reason: str, actor: Actor, now: datetime) -> Announcement:
    """
    Show it no more; whoever follows its address reads why. A draft is thrown away so.

    :raises Invalid: without a reason
    :raises NotADraft: if it was withdrawn before
    """
    by, reason = _staff(actor), reason.strip()[:200]
    if not reason:
        raise Invalid(_("Please write a few words."))
    row = _locked(announcement_id)
    if row.withdrawn_at is not None:
        raise NotADraft(_("It was withdrawn before."))
    row.withdrawn_at, row.withdrawn_by, row.reason = now, by, reason
    row.save(update_fields=["withdrawn_at", "withdrawn_by", "reason"])
    _record(row, "withdrawn", actor, reason=reason)
    _tell_all()
    return row


@transaction.atomic
def copy(*, announcement_id: int, actor: Actor, now: datetime) -> Announcement:
    """
    Begin a draft with the words of another one.

    :raises NotFound: if there is none such
    """
    row = _locked(announcement_id)
    words = {name: getattr(row, name) for name in Words.__slots__ if name not in ("from_at", "until_at")}
    return write(words=Words(**words), actor=actor, now=now)


@transaction.atomic
def dismiss(*, user_id: UUID, announcement_ids: Iterable[int]) -> list[int]:
    """Show these to a member no more, wherever he signs in; give the numbers of all that he has closed."""
    user = User.objects.select_for_update().only("dismissed").get(pk=user_id)
    kept = sorted({*user.dismissed, *announcement_ids})[-MOST_DISMISSED:]
    User.objects.filter(pk=user_id).update(dismissed=kept)
    return kept


def _tell_all() -> None:
    """
    Let every process look anew: this one now, for what it does within this transaction too. Where the cache is away the
    others read anew by themselves, later (``queries.RELOAD_SECONDS``): what was published is published.
    """
    queries.forget()
    transaction.on_commit(_new_version, robust=True)


def _new_version() -> None:
    queries.forget()  # another thread may have read meanwhile
    cache.set(queries.VERSION, secrets.token_hex(8), None)


def _staff(actor: Actor) -> UUID:
    if actor.user_id is None or not actor.is_mediator:
        raise Forbidden
    return actor.user_id


def _check(words: Words) -> None:
    if words.from_at is not None and words.until_at is not None and words.until_at <= words.from_at:
        raise EndsTooEarly


def _draft(announcement_id: int) -> Announcement:
    row = _locked(announcement_id)
    if row.published_at is not None or row.withdrawn_at is not None:
        raise NotADraft
    return row


def _locked(announcement_id: int) -> Announcement:
    row = Announcement.objects.select_for_update().filter(pk=announcement_id).first()
    if row is None:
        raise NotFound
    return row


def _record(row: Announcement, act: str, actor: Actor, *, reason: str = "", **facts: object) -> None:
    audit.record(
        actor=actor, act=f"announcement.{act}", subject_type="announcement", subject=str(row.pk), reason=reason,
        facts=facts,
    )  # fmt: skip
