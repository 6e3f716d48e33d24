"""A Django e-mail backend that keeps every mail where ``/sandbox/outbox/`` shows it, and sends none."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from accounts.models import OutgoingMessage
from core import clock

KEY_HEADER = "X-Message-Key"


class EmailBackend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            for address in message.recipients():
                _keep(message, address)
        return len(email_messages)


def _keep(message: EmailMessage, address: str) -> None:
    """Write the mail down; a mail that its sender has already written down (by key) is only completed."""
    now = clock.now()
    key = message.extra_headers.get(KEY_HEADER)
    text = {"subject": str(message.subject)[:200], "body": str(message.body)}
    if key:
        OutgoingMessage.objects.update_or_create(
            key=key,
            defaults={**text, "sent_at": now},
            create_defaults={**text, "channel": "email", "to": address, "created_at": now, "sent_at": now},
        )
        return
    OutgoingMessage.objects.create(channel="email", to=address, created_at=now, sent_at=now, **text)
