"""
Comparing the lines of a provider's statement with our movements there, set-wise.

A line finds ours by its own number or by our key; where it only names the payment, which several movements share, the
one of the same amount is taken. Each of our movements clears one line. What agrees is matched, what has another amount
differs, what nobody knows is unknown; the latter two get a ticket, and unknown lines are looked at again each time:
ours may come later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from escrow.models import StatementLine
from escrow.queries import ours
from escrow.queries.ours import Ours
from escrow.services import provider_fees, tickets
from escrow.services.tickets import Difference
from escrow.states import LineKind, MatchStatus

BATCH = 500
Source = Callable[[str, Collection[str]], list[Ours]]
SOURCES: Mapping[str, tuple[Source, ...]] = {
    LineKind.PAYMENT: (ours.payments, ours.payouts),  # a bank shows a payout that came back as money that came in
    LineKind.REFUND: (ours.refunds,),
    LineKind.PAYOUT: (ours.payouts, ours.reversals),
    LineKind.CHARGEBACK: (ours.chargebacks,),
    LineKind.OTHER: (ours.payments, ours.refunds, ours.payouts, ours.reversals, ours.chargebacks),
    LineKind.FEE: (),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """How many lines agree now that did not before, how many differ, how many nobody knows."""

    matched: int = 0
    differs: int = 0
    unknown: int = 0


@transaction.atomic
def match(*, gateway: str, now: datetime) -> Compared:
    """Compare every line of a provider that is open or was unknown."""
    tickets.lock(gateway)
    total = Compared()
    for is_last in (False, True):
        for lines in _waiting(gateway):
            found = _compare(gateway, lines, is_last=is_last, now=now)
            total = Compared(
                total.matched + found.matched, total.differs + found.differs, total.unknown + found.unknown
            )
    return total


def _waiting(gateway: str) -> Iterator[list[StatementLine]]:
    last = 0
    while True:
        rows = StatementLine.objects.filter(
            gateway=gateway, status__in=(MatchStatus.OPEN, MatchStatus.UNKNOWN), pk__gt=last
        )
        lines = list(rows.order_by("pk")[:BATCH])
        if not lines:
            return
        last = lines[-1].pk
        yield lines


def _compare(gateway: str, lines: Sequence[StatementLine], *, is_last: bool, now: datetime) -> Compared:
    """Judge these lines; before the last round only what agrees, so that nothing near takes what another line is."""
    candidates = _candidates(gateway, lines)
    taken = _cleared([one.transfer_id for found in candidates.values() for one in found])
    judged: list[StatementLine] = []
    before = {line.pk: (line.status, line.transfer_id) for line in lines}
    problems: list[Difference] = []
    for line in lines:
        mine = _choose(line, [one for one in candidates[line.pk] if one.transfer_id not in taken])
        status = _verdict(line, mine)
        if status != MatchStatus.MATCHED and not is_last:
            continue
        if mine is not None:
            taken.add(mine.transfer_id)
        line.status, line.transfer_id = status, mine.transfer_id if mine else None
        judged.append(line)
        problems += _problem(line, mine)
    moved = [line for line in judged if (line.status, line.transfer_id) != before[line.pk]]
    StatementLine.objects.bulk_update(moved, ["status", "transfer_id"], batch_size=100)
    provider_fees.book(judged, now=now)
    tickets.open_for_lines(problems, now=now)
    _settle(gateway, judged, now=now)
    count = [line.status for line in judged].count
    return Compared(count(MatchStatus.MATCHED), count(MatchStatus.DIFFERS), count(MatchStatus.UNKNOWN))


def _problem(line: StatementLine, mine: Ours | None) -> list[Difference]:
    if line.status == MatchStatus.UNKNOWN:
        return [Difference(line, tickets.UNKNOWN, line.gross_minor)]
    if line.status == MatchStatus.DIFFERS and mine is not None:
        ours_minor = mine.minor if mine.currency == line.currency else 0
        return [Difference(line, tickets.AMOUNT, line.gross_minor - ours_minor)]
    return []


def _candidates(gateway: str, lines: Sequence[StatementLine]) -> dict[int, list[Ours]]:
    """What of ours each line may be: by kind of line, asked once for all lines of a kind."""
    names: dict[Source, set[str]] = defaultdict(set)
    for line in lines:
        for source in SOURCES[line.kind]:
            names[source] |= _names(line)
    index: dict[Source, dict[str, list[Ours]]] = {}
    for source, wanted in names.items():
        index[source] = defaultdict(list)
        for one in source(gateway, wanted):
            for name in one.names | one.payment:
                index[source][name].append(one)
    found: dict[int, list[Ours]] = {}
    for line in lines:
        each = [one for source in SOURCES[line.kind] for name in _names(line) for one in index[source][name]]
        found[line.pk] = list(dict.fromkeys(each))
    return found


def _names(line: StatementLine) -> set[str]:
    return {line.reference, line.ext_id} - {""}


def _cleared(transfers: Sequence[int]) -> set[int]:
    rows = StatementLine.objects.filter(transfer_id__in=set(transfers))
    return {pk for pk in rows.values_list("transfer_id", flat=True) if pk is not None}


def _choose(line: StatementLine, free: Sequence[Ours]) -> Ours | None:
    """The one that is named; else, of those of the same payment, that of the amount, or the only one there is."""
    there = sorted((one for one in free if one.minor * line.gross_minor > 0), key=lambda one: one.transfer_id)
    named = [one for one in there if one.names & _names(line)]
    near = named or there
    same = [one for one in near if (one.minor, one.currency) == (line.gross_minor, line.currency)]
    if same:
        return same[0]
    return near[0] if named or len(near) == 1 else None


def _verdict(line: StatementLine, mine: Ours | None) -> MatchStatus:
    if line.kind == LineKind.FEE or not line.gross_minor:
        return MatchStatus.MATCHED  # there is nothing but the fee, and the statement is our only source of it
    if mine is None:
        return MatchStatus.UNKNOWN
    is_same = (mine.minor, mine.currency) == (line.gross_minor, line.currency)
    return MatchStatus.MATCHED if is_same else MatchStatus.DIFFERS


def _settle(gateway: str, lines: Sequence[StatementLine], *, now: datetime) -> None:
    """Close what has gone by itself: lines that agree now, and movements that were missed and have their line."""
    agree = [line.pk for line in lines if line.status == MatchStatus.MATCHED]
    differ = [line.pk for line in lines if line.status == MatchStatus.DIFFERS]
    gone = tickets.open_of_lines(agree, (tickets.UNKNOWN, tickets.AMOUNT))
    gone += tickets.open_of_lines(differ, (tickets.UNKNOWN,))
    gone += tickets.open_of_transfers(gateway, [line.transfer_id for line in lines if line.transfer_id is not None])
    tickets.close_by_itself(gone, now=now)
