"""What a person was told."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Notice
from core.errors import NotFound


def unread_count(*, user_id: UUID) -> int:
    """How many site messages wait to be read."""
    return unread(user_id=user_id).count()


def unread(*, user_id: UUID) -> QuerySet[Notice]:
    return Notice.objects.filter(user_id=user_id, read_at__isnull=True)


def inbox_of(*, user_id: UUID, only_unread: bool = False) -> QuerySet[Notice]:
    """A person's site messages, newest first."""
    rows = Notice.objects.filter(user_id=user_id)
    if only_unread:
        rows = rows.filter(read_at__isnull=True)
    return rows.order_by("-created_at", "-pk")


def notice_of(*, user_id: UUID, notice_id: UUID) -> Notice:
    """
    One message of this person.

    :raises NotFound: if it is somebody else's or none at all
    """
    notice = Notice.objects.filter(pk=notice_id, user_id=user_id).first()
    if notice is None:
        raise NotFound
    return notice
