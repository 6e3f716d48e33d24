"""The port for text messages, and where the adapters are found. E-mail is Django's own port (``EMAIL_BACKEND``)."""

from __future__ import annotations

from typing import Protocol


class Unavailable(Exception):
    """The channel did not take the message; trying again may help."""


class SmsChannel(Protocol):
    name: str

    def send(self, *, to: str, body: str, key: str) -> None:
        """
        Hand a text to the network. ``to`` is E.164; ``key`` names the message for providers that remember keys.

        :raises Unavailable: if it may be tried again
        """
