"""SMS and e-mail: written down with a key first, then handed to the channel, so that a second run sends nothing."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction

from accounts.channels import sms_channel
from accounts.channels.sandbox import KEY_HEADER
from accounts.models import OutgoingMessage


def send_sms(*, to: str, body: str, now: datetime, key: str | None = None, is_secret: bool = False) -> bool:
    """
    Send a text to an E.164 number, once per key; False if it had gone out before.

    The words of a secret message (a code) are kept in a sandbox only.

    :raises Unavailable: if the channel did not take it; the same call may be repeated
    """
    kept = body if settings.SANDBOX or not is_secret else ""
    row = _write_down(channel="sms", to=to, subject="", body=kept, key=key, now=now)
    if row.sent_at is not None:
        return False
    sms_channel().send(to=to, body=body, key=key or str(row.pk))
    return _note_sent(row, now=now)


def send_email(*, to: str, subject: str, body: str, now: datetime, key: str, is_secret: bool = False) -> bool:
    """
    Send a plain mail, once per key; False if it had gone out before. A secret one's words are kept in a sandbox only.

    :raises OSError: if the mail server did not take it; the same call may be repeated
    """
    kept = body if settings.SANDBOX or not is_secret else ""
    row = _write_down(channel="email", to=to, subject=subject[:200], body=kept, key=key, now=now)
    if row.sent_at is not None:
        return False
    EmailMessage(subject=" ".join(subject.split()), body=body, to=[to], headers={KEY_HEADER: key}).send()
    return _note_sent(row, now=now)


def _write_down(*, channel: str, to: str, subject: str, body: str, key: str | None, now: datetime) -> OutgoingMessage:
    row = OutgoingMessage(channel=channel, to=to, subject=subject, body=body, key=key, created_at=now)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return OutgoingMessage.objects.get(key=key)
    return row


def _note_sent(row: OutgoingMessage, *, now: datetime) -> bool:
    OutgoingMessage.objects.filter(pk=row.pk, sent_at__isnull=True).update(sent_at=now)
    return True
