"""
Security events: one line each in the log ``security``, with a name that stays and facts to search by.

``docs/security.md`` lists them. They say who tried what from where and how it ended; what was typed is never in them.
"""

from __future__ import annotations

import logging
from typing import Any

from django.http import HttpRequest

from core import limits
from core.logs import current_request

log = logging.getLogger("security")
EVENTS = {
    "login.succeeded": "somebody signed in; `factors` says with what",
    "login.failed": "a sign-in was refused; `factor` says at which step",
    "logout": "somebody signed out",
    "credential.changed": "password, phone, e-mail or a second factor changed; `what` says which",
    "access.refused": "a guard, a permission or a foreign object said no (401, 403, or 404 behind a guard)",
    "limit.hit": "a rate limit was used up; `limit` names it",
    "input.refused": "what no honest client sends: CSRF, a method, a body, a host or a message that proves nothing",
    "upload.refused": "a file was infected and went to quarantine, or could not be looked at",
    "file.damaged": "a sealed file is missing or not what was sealed; `place` names its row",
    "files.orphaned": "the nightly look counted sealed files without a row, rows without a file, unreadable notes",
    "data.purged": "the nightly purge has deleted what was kept long enough; it counts each class",
    "audit.broken": "the nightly check found the audit trail changed; `what` names the first entry",
    "error.unexpected": "a crash; the stack trace stands in the line of django.request with the same request_id",
}


QUIET = ("login.succeeded", "logout", "credential.changed", "data.purged")


def event(name: str, *, request: HttpRequest | None = None, **facts: Any) -> None:
    """Write one event. Refusals are warnings, the rest is information."""
    assert name in EVENTS, name
    request = request or current_request.get()
    if request is not None:
        facts = {"address": limits.address_of(request), "method": request.method, "path": request.path, **facts}
    level = logging.INFO if name in QUIET else logging.WARNING
    log.log(level, name, extra={"facts": facts})
