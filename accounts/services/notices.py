"""Telling people: the site inbox first, then e-mail and SMS. Safe to run twice; run it outside a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Notice, User
from accounts.services import messages


@contextmanager
def in_language_of(user_id: UUID) -> Iterator[str]:
    """Everything put into words inside is in this person's language."""
    language = User.objects.filter(pk=user_id).values_list("language", flat=True).first()
    with translation.override(language or settings.LANGUAGE_CODE):
        yield language or settings.LANGUAGE_CODE


def notify(
    *,
    user_id: UUID,
    kind: str,
    key: str,
    subject: str,
    body: str,
    url: str = "",
    sms: bool = False,
    email: bool = True,
    now: datetime,
) -> Notice:
    """
    Tell a person something, once per key and channel, in the words given (see :func:`in_language_of`).

    A channel that fails raises after the site message is kept; the same call then goes on where it stopped.
    """
    notice, _is_new = Notice.objects.get_or_create(
        user_id=user_id,
        key=key,
        defaults={"kind": kind, "subject": subject[:200], "body": body, "url": url[:200], "created_at": now},
    )
    user = User.objects.only("email", "phone", "phone_verified", "language").get(pk=user_id)
    if email and user.email:
        messages.send_email(
            to=user.email,
            subject=subject,
            body=_letter(user, body=body, url=url),
            key=f"{user_id.hex}:{key}:email",
            now=now,
        )
    if sms and user.phone and user.phone_verified:
        text = f"[{settings.SITE_NAME}] {subject}"
        messages.send_sms(to=user.phone, body=text, key=f"{user_id.hex}:{key}:sms", now=now)
    return notice


def _letter(user: User, *, body: str, url: str) -> str:
    """The plain mail around a notice: its words, where to look, who speaks."""
    parts = [body.strip()]
    if url:
        parts.append(f"{settings.SITE_URL}{url}" if url.startswith("/") else url)
    with translation.override(user.language):
        sign = _("%(site)s · your money is held until the deal is done") % {"site": settings.SITE_NAME}
    return "\n\n".join([*parts, "-- ", sign])


def mark_read(*, user_id: UUID, notice_id: UUID, now: datetime) -> bool:
    """Note that a person has opened a message; False if he had before."""
    rows = Notice.objects.filter(pk=notice_id, user_id=user_id, read_at__isnull=True)
    return bool(rows.update(read_at=now))


def mark_all_read(*, user_id: UUID, now: datetime) -> int:
    """Note that a person has seen everything so far; give how many were new."""
    return Notice.objects.filter(user_id=user_id, read_at__isnull=True).update(read_at=now)
