"""Ways to reach people outside the site."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from accounts.channels.base import SmsChannel
from accounts.channels.console import ConsoleSms
from accounts.channels.webhook import WebhookSms

SMS_CHANNELS: dict[str, Callable[[], SmsChannel]] = {"console": ConsoleSms, "webhook": WebhookSms}


def sms_channel() -> SmsChannel:
    """The channel that ``SMS_CHANNEL`` names."""
    return SMS_CHANNELS[settings.SMS_CHANNEL]()
