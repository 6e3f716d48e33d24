"""Rate limits of the API: who is counted, what he is counted for, and how it is said."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy, ngettext
from rest_framework.exceptions import Throttled
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core import limits
from core.errors import TooMany

TOO_MANY = gettext_lazy("Too many requests. Nothing was done; please slow down.")


class Limits(BaseThrottle):
    """
    Counts a request against the general rate of who asks, the rate of changes, and the rate its door names.

    A door's ``limit`` counts what is no mere look; ``limits_looks`` says that looks are counted as well.
    """

    seconds = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        kind, who = _who(request)
        names = [kind]
        if request.method not in SAFE_METHODS:
            names += ["change", getattr(view, "limit", "")]
        elif getattr(view, "limits_looks", False):
            names += [view.limit]
        for name in filter(None, names):
            self.seconds = spend(name, who)
            if self.seconds:
                return False
        return True

    def wait(self) -> float:
        return self.seconds


def spend(name: str, who: str) -> int:
    return limits.spend(name=name, who=who, rates=limits.rates_of(settings.API_RATES[name]))


def refuse_guessing(request: Request) -> None:
    """
    Count a wrong token against the address it came from.

    :raises Throttled: if too many came
    """
    seconds = spend("refused", limits.address_of(request._request))
    if seconds:
        raise Throttled(wait=seconds)


def words_of(fault: Throttled) -> dict[str, object]:
    """A refusal by rate in the one shape of refusals."""
    wait = int(getattr(fault, "wait", None) or 0)
    message = str(TOO_MANY)
    if wait:
        more = ngettext("Try again in %(seconds)s second.", "Try again in %(seconds)s seconds.", wait)
        message = f"{message} {more % {'seconds': wait}}"
    return {"code": TooMany.code, "message": message, "fields": {}}


def _who(request: Request) -> tuple[str, str]:
    """A token's requests are its own: one system does not use up what its owner may."""
    if request.auth is not None and hasattr(request.auth, "pk"):
        return "system", f"token:{request.auth.pk}"
    if request.user.is_authenticated:
        return "member", f"member:{request.user.pk}"
    return "visitor", f"address:{limits.address_of(request._request)}"
