"""Text messages that go no further than the log. The record in the sandbox outbox is the whole of their journey."""

from __future__ import annotations

import logging

from core.wording import mask_phone

log = logging.getLogger(__name__)


class ConsoleSms:
    """Logs that a message left, never what it says nor the whole number: a log is read by many."""

    name = "console"

    def send(self, *, to: str, body: str, key: str) -> None:
        log.info("sms to %s, %d characters", mask_phone(to), len(body))
