"""Sends what the pretended provider owes to the shop's address over real HTTP, a bounded number of times."""

from __future__ import annotations

import contextlib
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from escrow.fakepay.dialect import Dialect, Outgoing
from escrow.fakepay.entries import Event

MOST_TRIES = 5
FIRST_WAIT_SECONDS = 1.0
TIMEOUT_SECONDS = 10
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Sent:
    """One try: ``status`` 0 means that nobody answered."""

    event_id: str
    kind: str
    status: int
    accepted: bool


class Notices:
    """The notices of one dialect. ``url``: where they go when a payment names no address of its own."""

    def __init__(self, dialect: Dialect, *, url: str = "") -> None:
        self.dialect = dialect
        self.url = url
        self._sending = threading.Lock()

    def send_due(self, *, at_once: bool = False) -> list[Sent]:
        """
        Try each notice that is owed and due (``at_once``: or not due yet), with what the script says about notices.

        reorder: the newest first; lose: counted as sent, never sent; duplicate: sent twice; delay: sent at the next
        call.
        """
        with self._sending:
            now = time.monotonic()
            owed = [row for row in list(self.dialect.book.events) if not row.is_done and (at_once or row.due_at <= now)]
            faults = self.dialect.book.faults
            if len(owed) > 1 and faults.take("notice", among="reorder"):
                owed.reverse()
            sent: list[Sent] = []
            for event in owed:
                if faults.take("notice", among="delay"):
                    continue
                if faults.take("notice", among="lose"):
                    event.is_done = True
                    continue
                sent += self._try(event, times=2 if faults.take("notice", among="duplicate") else 1)
            return sent

    def send(self, event: Event) -> list[Sent]:
        """Send one notice now, whatever became of it before."""
        with self._sending:
            return self._try(event, times=1)

    def _try(self, event: Event, *, times: int) -> list[Sent]:
        outgoing = self.dialect.notice(event)
        url = event.url or self.url
        if outgoing is None or not url:
            event.is_done = True
            return []
        sent = []
        for _ in range(times):
            status, body = post(url, outgoing)
            accepted = status != 0 and self.dialect.accepts(status, body)
            event.answers.append(f"{status} {body[:80].decode('utf-8', 'replace')}")
            sent.append(Sent(event.id, event.kind, status, accepted))
        event.tries += 1
        event.is_done = sent[-1].accepted or event.tries >= MOST_TRIES
        event.due_at = time.monotonic() + FIRST_WAIT_SECONDS * 2 ** (event.tries - 1)
        return sent


def post(url: str, outgoing: Outgoing) -> tuple[int, bytes]:
    """Post exact bytes; (0, why) if nobody answers."""
    if not url.startswith(("http://", "https://")):
        return 0, b"no such address"
    asked = urllib.request.Request(url, outgoing.body, dict(outgoing.headers), method="POST")  # noqa: S310
    try:
        with _opener.open(asked, timeout=TIMEOUT_SECONDS) as given:
            return given.status, given.read(10_000)
    except urllib.error.HTTPError as refusal:
        with contextlib.closing(refusal):
            return refusal.code, refusal.read(10_000)
    except OSError as fault:
        return 0, str(fault).encode()
