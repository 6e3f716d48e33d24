"""A provider's statement: fetched or handed in, kept, taken in, compared; a bank's confirms payments on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q

from core.actor import SYSTEM, Actor
from core.errors import DomainError
from escrow.gateways import gateway as provider_of
from escrow.gateways import is_set_up
from escrow.gateways.base import GivesStatements
from escrow.models import Payment, Payout, Refund, StatementFile, StatementLine
from escrow.queries.ours import key_of
from escrow.queries.reconciliation import china_day, day_bounds, first_movement
from escrow.services import by_hand, daily_check, matching, statement_files, tickets
from escrow.services.statement_files import Taken
from escrow.statements import READERS
from escrow.statements.reading import CHINA
from escrow.states import PayoutStatus, RefundStatus
from flows import purchase

log = logging.getLogger(__name__)
READY_AT = time(10, 30)  # in China, the day after: WeChat Pay from 9 to 10, Alipay from 10
CATCH_UP_DAYS = 7


def take_in(*, file_id: int, actor: Actor, now: datetime) -> Taken:
    """
    Take a kept statement into the books: its lines, what they confirm, what agrees and what does not.

    Each step commits by itself and may be repeated; what a crash leaves is picked up by the next comparison.

    :raises NotFound: if there is no such file
    :raises BadStatement: if it cannot be read
    """
    taken = statement_files.take_in(file_id=file_id, actor=actor, now=now)
    file = StatementFile.objects.defer("raw").get(pk=file_id)
    if file.gateway == "bank":
        _confirm(StatementLine.objects.filter(file=file).values_list("reference", flat=True), now=now)
    matching.match(gateway=file.gateway, now=now)
    daily_check.compare_balances(file=file, now=now)
    daily_check.look_for_silence(gateway=file.gateway, now=now)
    return taken


def compare(*, gateway: str, now: datetime) -> None:
    """Match what is open at a provider and look for what is missing there, once all that has come is taken in."""
    matching.match(gateway=gateway, now=now)
    daily_check.look_for_missing(gateway=gateway, now=now)


def _confirm(words: Iterable[str], *, now: datetime) -> None:
    """A bank's lines are its only answer: payments, refunds and payouts that wait for one are asked again."""
    named = set(words) - {""}
    paid_here = Q(gateway="bank", reference__in=named) | Q(other_ways__gateway="bank", other_ways__reference__in=named)
    for payment_id in Payment.objects.filter(paid_here).values_list("pk", flat=True).distinct():
        _try(partial(purchase.settle_payment, payment_id=payment_id, gateway="bank", now=now))
    waiting = (
        ("refund", Refund.objects.filter(status__in=(RefundStatus.PENDING, RefundStatus.SENT))),
        ("payout", Payout.objects.filter(status__in=(PayoutStatus.PREPARED, PayoutStatus.SENT))),
    )
    for kind, rows in waiting:
        keys = [pk for pk in (key_of(kind, word) for word in named) if pk is not None]
        for pk in rows.filter(gateway="bank", pk__in=keys).values_list("pk", flat=True):
            _try(partial(by_hand.ask_again, kind=kind, pk=pk, now=now))


def _try(act: Callable[[], object]) -> None:
    """One row that cannot be settled must not keep the others from it; it stays open and is seen."""
    try:
        act()
    except DomainError as refusal:
        log.warning("a bank line could not be settled: %s", refusal.code)


def set_aside(*, ticket_id: int, actor: Actor, now: datetime) -> None:
    """
    Take unknown money that came in into the books as parked, and compare its line anew.

    :raises NotAnArrival: if it is not that
    """
    with transaction.atomic():
        line = tickets.set_aside(ticket_id=ticket_id, actor=actor, now=now)
        matching.match(gateway=line.gateway, now=now)


def fetch(*, now: datetime) -> int:
    """
    Fetch every statement that is due and not there yet; give how many came. Network; tried again at the next tick.

    The rows of kept statements are the memory of what was fetched: nothing is lost with a broker or a worker.
    """
    fetched = 0
    for name in filter(is_set_up, READERS):
        fetched += _fetch_due(name, now=now)
        daily_check.look_for_silence(gateway=name, now=now)
    for name in StatementFile.objects.order_by("gateway").values_list("gateway", flat=True).distinct():
        compare(gateway=name, now=now)
    return fetched


def _fetch_due(name: str, *, now: datetime) -> int:
    """One provider's days. What breaks at it, a key that is none for one, keeps no other from its turn."""
    try:
        provider = provider_of(name)
        if not isinstance(provider, GivesStatements):
            return 0
        return sum(_fetch(name, provider, day, now=now) for day in due_days(name, now=now))
    except Exception:
        log.exception("the statements of %s cannot be fetched", name)
        return 0


def due_days(name: str, *, now: datetime) -> list[date]:
    """
    Days of the last week whose statement should be there and was not fetched, oldest first, since the first that was
    or since money first moved there; of a provider that knows neither only the last one.

    The days of money count by themselves: Alipay has no file for a day on which nothing moved, so the first file may be
    that of the first payment, and what keeps it from coming that day must not lose it.
    """
    local = now.astimezone(CHINA)
    last = china_day(now) - timedelta(days=1 if local.time() >= READY_AT else 2)
    earliest = last - timedelta(days=CATCH_UP_DAYS - 1)
    fetched = set(StatementFile.objects.filter(gateway=name, handed_in_by=None).values_list("day", flat=True))
    first = min(fetched, default=last)
    if first > earliest:
        moved = first_movement(gateway=name, since=day_bounds(earliest)[0])
        first = min(first, china_day(moved)) if moved else first
    first = max(first, earliest)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if day not in fetched]


def _fetch(name: str, provider: GivesStatements, day: date, *, now: datetime) -> int:
    try:
        statement = provider.statement(day=day)
        file = statement_files.keep(gateway=name, day=day, statement=statement, handed_in_by=None, currency="", now=now)
        take_in(file_id=file.pk, actor=SYSTEM, now=now)
    except DomainError as refusal:
        log.warning("no statement of %s for %s yet: %s", name, day, refusal.code)
        return 0
    return 1
