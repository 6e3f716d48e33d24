"""Refusals: what we expect, can explain, and answer in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class DomainError(Exception):
    """
    A refusal that a person may read.

    ``code`` is stable and for machines, ``message`` is translated when shown, ``status`` is the HTTP status,
    ``fields`` names the inputs at fault.
    """

    code = "refused"
    status = 409
    default_message: Text = _("That cannot be done now.")
    leaves_key_free = False  # whether the same request, sent again, may succeed: its Idempotency-Key is not used up

    def __init__(self, message: Text | None = None, *, fields: Mapping[str, Text] | None = None) -> None:
        self._message = message if message is not None else self.default_message
        self.fields: dict[str, Text] = dict(fields or {})
        super().__init__(self.code)

    @property
    def message(self) -> str:
        return str(self._message)

    def as_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "message": self.message,
            "fields": {name: str(text) for name, text in self.fields.items()},
        }


class Invalid(DomainError):
    """The input itself is wrong."""

    code = "invalid"
    status = 400
    default_message = _("Please check what you entered.")


class NotFound(DomainError):
    """No such thing, or not yours: both look the same."""

    code = "not_found"
    status = 404
    default_message = _("We cannot find that.")


class Forbidden(DomainError):
    """It is there, and you may not do this with it."""

    code = "forbidden"
    status = 403
    default_message = _("You may not do that.")


class IllegalTransition(DomainError):
    """The thing has moved on: the wanted step is not possible from where it is now."""

    code = "illegal_transition"
    default_message = _("This has already moved on. Reload the page to see where it is now.")


class Busy(DomainError):
    """Somebody else is working on the same thing; nothing was changed."""

    code = "busy"
    status = 503
    default_message = _("Many people are doing this at the moment. Nothing was changed; please try again.")


class Away(DomainError):
    """The database is not there."""

    code = "away"
    status = 503
    default_message = _("We are away for a moment. Please look again in a minute before you repeat what you did.")


class TooMany(DomainError):
    """A rate limit."""

    code = "too_many"
    status = 429
    default_message = _("Too many tries. Please wait a little and try again.")
