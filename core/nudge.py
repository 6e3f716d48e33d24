"""
A tap on the worker's shoulder after a commit, so that effects follow within a moment.

Only a convenience: the tick in ``core.tasks`` finds everything that a lost nudge would have announced.
"""

from __future__ import annotations

import logging
import threading
import time

from django.conf import settings
from django.db import transaction

log = logging.getLogger(__name__)
GAP_SECONDS = 0.2
_last = 0.0
_is_free = threading.Lock()


def soon() -> None:
    """Wake the worker once the current transaction has committed; at most a few times a second."""
    if settings.NUDGE:
        transaction.on_commit(_send, robust=True)


def _send() -> None:
    """Tap from a thread of its own: a broker that does not answer takes seconds, and nobody shall wait for it."""
    global _last
    if time.monotonic() - _last < GAP_SECONDS or not _is_free.acquire(blocking=False):
        return
    _last = time.monotonic()
    threading.Thread(target=_tap, name="nudge", daemon=True).start()


def _tap() -> None:
    from core.tasks import drain_outbox

    try:
        drain_outbox.apply_async(expires=30, retry=False)
    except Exception:
        log.warning("the broker did not take a nudge; the next tick will do the work", exc_info=True)
    finally:
        _is_free.release()
