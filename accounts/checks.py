"""What ``manage.py check`` says: a shop that tells people things into the void, a map that cannot be read."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from accounts.xdb import Broken, Xdb

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
    if not settings.STEP_UP_CODES:
        found.append(Error("STEP_UP_CODES is empty: codes would be sent without a limit.", id="accounts.E005"))
    return found


@register(Tags.files)
def places_can_be_read(**more: Any) -> list[CheckMessage]:
    """A file of places that is missing or broken stops nobody; this is where it is heard of."""
    found: list[CheckMessage] = []
    for path in settings.IP2REGION_XDB:
        try:
            Xdb(path)
        except Broken as fault:
            text = f"IP2REGION_XDB: {path} cannot be used: {fault}. Logins show the country alone."
            found.append(Warning(text, id="accounts.W001"))
    return found
