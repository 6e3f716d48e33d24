"""Every SMS and e-mail as it left, for the sandbox."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import OutgoingMessage

CHANNELS = ("sms", "email")


def outgoing(*, to: str = "", channel: str = "") -> QuerySet[OutgoingMessage]:
    """Messages, newest first. ``to`` is a part of the address: a ``+`` in a URL arrives as a space."""
    rows = OutgoingMessage.objects.all()
    if to.strip():
        rows = rows.filter(to__icontains=to.strip())
    if channel in CHANNELS:
        rows = rows.filter(channel=channel)
    return rows.order_by("-created_at", "-pk")
