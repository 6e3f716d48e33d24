"""Sends what the pretended provider owes to the shop's address over real HTTP, a bounded number of times."""

from __future__ import annotations

import contextlib
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin

from escrow.fakepay.dialect import Dialect, Outgoing
from escrow.fakepay.entries import Event

MOST_TRIES = 15
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
TIMEOUT_SECONDS = 10
Post = Callable[[str, Outgoing], tuple[int, bytes]]
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Sent:
    """One try: ``status`` 0 means that nobody answered."""

    event_id: str
    kind: str
    status: int
    accepted: bool


class Notices:
    """
    The notices of one dialect. ``url``: where they go when a payment names no address of its own; if that is a path, at
    the shop to which the payer goes back. ``post``: how they leave.
    """

    def __init__(self, dialect: Dialect, *, url: str = "", post: Post | None = None) -> None:
        self.dialect = dialect
        self.url = url
        self.post = post or by_socket

    def send_due(self, *, at_once: bool = False) -> list[Sent]:
        """
        Try each notice that is owed and due (``at_once``: or not due yet), with what the script says about notices.

        reorder: the newest first; lose: counted as sent, never sent; duplicate: sent twice; delay: sent at the next
        call. Nothing is held while sending: the shop asks us back before it answers.
        """
        faults = self.dialect.book.faults
        owed = self._claim(at_once=at_once)
        if len(owed) > 1 and faults.take("notice", among="reorder"):
            owed.reverse()
        sent: list[Sent] = []
        for event in owed:
            if faults.take("notice", among="delay"):
                self._put_off(event, until=0.0)
            elif faults.take("notice", among="lose"):
                self._over(event)
            else:
                copies = 2 if faults.take("notice", among="duplicate") else event.data.get("copies", 1)
                sent += self._try(event, times=copies)
        return sent

    def _claim(self, *, at_once: bool) -> list[Event]:
        """What is to be sent now, put off for everybody else: two threads or processes do not send the same."""
        book, now = self.dialect.book, time.time()
        if all(row.is_done for row in book.events):
            return []
        with book.locked():
            owed = [row for row in book.events if not row.is_done and (at_once or row.due_at <= now)]
            for event in owed:
                self._put_off(event, until=now + TIMEOUT_SECONDS * 2)
            return owed

    def _put_off(self, event: Event, *, until: float) -> None:
        event.due_at = until
        self.dialect.book.keep(event)

    def _over(self, event: Event) -> None:
        event.is_done = True
        self.dialect.book.keep(event)

    def _try(self, event: Event, *, times: int) -> list[Sent]:
        outgoing = self.dialect.notice(event)
        url = event.url or self._url(event)
        if outgoing is None or not url:
            self._over(event)
            return []
        is_forged = bool(event.data.get("forged"))
        if is_forged:
            outgoing = Outgoing(outgoing.headers, outgoing.body + b" ")
        sent = []
        for _ in range(times):
            status, body = self.post(url, outgoing)
            accepted = status != 0 and self.dialect.accepts(status, body)
            event.answers.append(f"{status} {body[:80].decode('utf-8', 'replace')}")
            sent.append(Sent(event.id, event.kind, status, accepted))
        event.tries += 1
        event.is_done = sent[-1].accepted or is_forged or event.tries >= MOST_TRIES
        wait = min(FIRST_WAIT_SECONDS * 2 ** (event.tries - 1), LONGEST_WAIT_SECONDS)
        self._put_off(event, until=time.time() + wait)
        return sent

    def _url(self, event: Event) -> str:
        charge = self.dialect.book.charges.get(event.charge_ref)
        url = urljoin(charge.return_url if charge else "", self.url)
        return url if url.startswith(("http://", "https://")) else ""


def by_socket(url: str, outgoing: Outgoing) -> tuple[int, bytes]:
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
