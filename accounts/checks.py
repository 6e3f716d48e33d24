"""What ``manage.py check --deploy`` refuses: a shop that tells people things into the void."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

SANDBOX_MAIL = "accounts.channels.sandbox.EmailBackend"


@register(Tags.security, deploy=True)
def real_channels(**more: Any) -> list[CheckMessage]:
    """The sandbox's e-mail and the console's text messages reach nobody."""
    found: list[CheckMessage] = []
    if settings.EMAIL_BACKEND == SANDBOX_MAIL:
        found.append(Error("EMAIL_BACKEND keeps mails instead of sending them.", id="accounts.E001"))
    if settings.SMS_CHANNEL == "console":
        found.append(Error("SMS_CHANNEL=console writes text messages to the log only.", id="accounts.E002"))
    if settings.SMS_CHANNEL == "webhook" and not (settings.SMS_WEBHOOK_URL and settings.SMS_WEBHOOK_SECRET):
        found.append(Error("SMS_CHANNEL=webhook needs SMS_WEBHOOK_URL and SMS_WEBHOOK_SECRET.", id="accounts.E003"))
    if not settings.STAFF_NEEDS_FACTOR:
        found.append(Error("STAFF_NEEDS_FACTOR=0 lets staff in with a password alone.", id="accounts.E004"))
    return found
