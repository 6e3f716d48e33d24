"""
Handing in card keys: read line by line, judged line by line, taken in whole or not at all.

What was typed is never kept, shown again nowhere but to who typed it, and named in no report: a line is its number.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core import audit, deadlines, outbox
from core.actor import Actor
from core.sealed import blind_index
from shop.errors import BadLines, NothingHandedIn, SomebodyElses, TooMuchText
from shop.models import CardKey, CodeBatch
from shop.roles import Act
from shop.services import stock
from shop.services.access import require_at
from shop.services.code_pool import variant_for_codes
from shop.services.codes import GOOD_FOR

MAX_LINES = 10_000
MAX_CHARS = 1_000_000
SHORTEST, LONGEST = 4, 500
CHUNK = 500
_LOOSE = str.maketrans("", "", "-‐‑‒–— \t\u00a0\u3000")


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was handed in; ``problem`` says why it cannot be taken."""

    number: int
    code: str = field(repr=False)
    expires_at: datetime | None
    problem: Promise | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    good: tuple[Line, ...]
    bad: tuple[Line, ...]

    @property
    def problems(self) -> dict[str, Promise]:
        return {f"lines.{line.number}": line.problem for line in self.bad if line.problem}


def check(text: str, *, expires_on: date | None, now: datetime, is_list: bool = False) -> Checked:
    """
    Read codes, one in each line, or, unless it ``is_list``, a table that begins with ``code`` or ``code,expires``.

    :raises TooMuchText: if it is more than may come at once
    """
    lines = [_judged(line, now=now) for line in _read(text, expires_on=expires_on, is_list=is_list)]
    prints: dict[str, int] = {}
    judged: list[Line] = []
    for line in lines:
        first = prints.setdefault(fingerprint(line.code), line.number) if line.problem is None else line.number
        judged.append(line if first == line.number else _with(line, _("It is in here twice.")))
    known = _known(list(prints))
    judged = [
        _with(line, _("It is known already: the same code cannot be sold twice, here or anywhere."))
        if line.problem is None and fingerprint(line.code) in known
        else line
        for line in judged
    ]
    return Checked(
        good=tuple(line for line in judged if line.problem is None),
        bad=tuple(line for line in judged if line.problem is not None),
    )


def hand_in(
    *,
    store_id: UUID,
    product_id: UUID,
    variant_id: UUID | None,
    name: str,
    text: str,
    expires_on: date | None,
    leave_out_bad: bool,
    actor: Actor,
    now: datetime,
    is_list: bool = False,
) -> CodeBatch:
    """
    Take codes in as a batch; orders that wait for some are served from it at once.

    :raises NotYourPart: if the actor's role in the store does not include its products
    :raises BadLines: if a line cannot be taken and bad ones are not to be left out
    :raises NothingHandedIn: if there is none to be taken
    :raises SomebodyElses: if the same code is being handed in at this moment
    """
    require_at(store_id, Act.PRODUCTS, actor=actor)
    checked = check(text, expires_on=expires_on, now=now, is_list=is_list)
    if checked.bad and not leave_out_bad:
        raise BadLines(fields=checked.problems)
    if not checked.good:
        raise NothingHandedIn(fields=checked.problems)
    try:
        with transaction.atomic():
            return _write(
                store_id=store_id, product_id=product_id, variant_id=variant_id, name=name, lines=checked.good,
                left_out=len(checked.bad), actor=actor, now=now,
            )  # fmt: skip
    except IntegrityError as fault:
        raise SomebodyElses from fault


def _write(
    *,
    store_id: UUID,
    product_id: UUID,
    variant_id: UUID | None,
    name: str,
    lines: Sequence[Line],
    left_out: int,
    actor: Actor,
    now: datetime,
) -> CodeBatch:
    variant = variant_for_codes(store_id=store_id, product_id=product_id, variant_id=variant_id)
    dates = [line.expires_at for line in lines if line.expires_at is not None]
    named = name.strip()[:80] or timezone.localtime(now).strftime("%Y-%m-%d %H:%M")
    batch = CodeBatch.objects.create(
        variant=variant, name=named, expires_at=min(dates, default=None), created_at=now, author_id=actor.user_id
    )
    CardKey.objects.bulk_create(
        [
            CardKey(
                batch=batch, variant=variant, place=place, value=line.code, fingerprint=fingerprint(line.code),
                expires_at=line.expires_at,
            )
            for place, line in enumerate(lines, 1)
        ],
        batch_size=CHUNK,
    )  # fmt: skip
    stock.recount(variant_ids=[variant.pk])
    if batch.expires_at is not None:
        deadlines.schedule("code.expire", subject=batch.pk, due_at=batch.expires_at - GOOD_FOR)
    audit.record(
        actor=actor, act="codes.handed_in", subject_type="product", subject=str(product_id),
        facts={"batch": str(batch.pk), "keys": len(lines), "left_out": left_out},
    )  # fmt: skip
    outbox.publish("shop.codes_added", variant_id=str(variant.pk))
    return batch


def fingerprint(code: str) -> str:
    """The same for codes that differ in case, blanks and dashes alone: nobody sells one twice by writing it anew."""
    return blind_index(_bare(code), purpose="card-key")


def _bare(code: str) -> str:
    return unicodedata.normalize("NFKC", code).translate(_LOOSE).casefold()


def _known(marks: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(marks), CHUNK):
        rows = CardKey.objects.filter(fingerprint__in=marks[start : start + CHUNK])
        found.update(rows.values_list("fingerprint", flat=True))
    return found


def _read(text: str, *, expires_on: date | None, is_list: bool) -> Iterator[Line]:
    text = text.removeprefix("\ufeff")
    raw = text.splitlines()
    while raw and not raw[-1].strip():
        raw.pop()
    if len(text) > MAX_CHARS or len(raw) > MAX_LINES:
        raise TooMuchText(lines=MAX_LINES)
    ends = _end_of(expires_on) if expires_on else None
    head = [cell.strip().lower() for cell in raw[0].split(",")] if raw else []
    if is_list or head[:1] != ["code"]:
        for number, line in enumerate(raw, 1):
            yield Line(number, _tidy(line), ends)
        return
    for number, line in enumerate(raw[1:], 2):
        cells = next(csv.reader(io.StringIO(line)), [])
        yield _of_table(number, cells, ends=ends, has_date="expires" in head[1:2])


def _of_table(number: int, cells: Sequence[str], *, ends: datetime | None, has_date: bool) -> Line:
    code = _tidy(cells[0]) if cells else ""
    said = cells[1].strip() if has_date and len(cells) > 1 else ""
    if len(cells) > (2 if has_date else 1):
        return Line(number, code, ends, _("It has more columns than the first line says."))
    if not said:
        return Line(number, code, ends)
    try:
        return Line(number, code, _end_of(date.fromisoformat(said)))
    except (ValueError, OverflowError):
        return Line(number, code, ends, _("Its date is not one: write 2027-01-31."))


def _tidy(code: str) -> str:
    """Number and password are often parted by a tab; a buyer copies a blank more easily."""
    return code.strip().replace("\t", " ")


def _end_of(day: date) -> datetime:
    """A key is good until the end of its last day."""
    return timezone.make_aware(datetime.combine(day, time())) + timedelta(days=1)


def _judged(line: Line, *, now: datetime) -> Line:
    if line.problem is not None:
        return line
    if not line.code:
        return _with(line, _("It is empty."))
    if len(_bare(line.code)) < SHORTEST:
        return _with(line, _("It is too short: a code has at least 4 characters."))
    if len(line.code) > LONGEST:
        return _with(line, _("It is too long: a code has at most 500 characters."))
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") for letter in line.code):
        return _with(line, _("It has characters that nobody can type."))
    if line.expires_at is not None and line.expires_at <= now + GOOD_FOR:
        return _with(line, _("It has expired, or will within four days: too soon to be sold."))
    return line


def _with(line: Line, problem: Promise) -> Line:
    return Line(line.number, line.code, line.expires_at, problem)
