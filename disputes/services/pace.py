"""
How fast a party may write in cases: nobody has to read a flood.

Counted in what was written, so that pages and API share one count and a restart forgets nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import TooMany
from core.wording import when
from disputes.models import Case, CaseEntry, Offer

WORDS, EVIDENCE, AT_ONCE = 20, 20, timedelta(minutes=10)
OFFERS, CASES, A_DAY = 10, 10, timedelta(days=1)


class TooManyWords(TooMany):
    code = "too_many_words"


class TooManyPieces(TooMany):
    code = "too_many_pieces"


class TooManyOffers(TooMany):
    code = "too_many_offers"


class TooManyCases(TooMany):
    code = "too_many_cases"


def may_say(*, actor: Actor, now: datetime) -> None:
    """:raises TooManyWords: after twenty messages of one member in ten minutes"""
    again = _full(_entries(actor, "said"), "at", most=WORDS, within=AT_ONCE, now=now)
    if again:
        text = _("You have written %(most)s messages in ten minutes, and the other side has to read them all. Nothing "
                 "was sent; you can go on from %(when)s.")  # fmt: skip
        raise TooManyWords(text % {"most": WORDS, "when": when(again)})


def may_show(*, actor: Actor, now: datetime) -> None:
    """:raises TooManyPieces: after twenty pieces of evidence of one member in ten minutes"""
    again = _full(_entries(actor, "evidence"), "at", most=EVIDENCE, within=AT_ONCE, now=now)
    if again:
        text = _("You have added %(most)s pieces of evidence in ten minutes. Nothing was added; you can go on from "
                 "%(when)s.")  # fmt: skip
        raise TooManyPieces(text % {"most": EVIDENCE, "when": when(again)})


def may_offer(*, case: Case, party: str, now: datetime) -> None:
    """:raises TooManyOffers: after ten offers of one side in one case and day"""
    rows = Offer.objects.filter(case=case, party=party)
    again = _full(rows, "created_at", most=OFFERS, within=A_DAY, now=now)
    if again:
        text = _("You have made %(most)s offers in this case within a day. Nothing was sent; you can make another from "
                 "%(when)s, or call the platform.")  # fmt: skip
        raise TooManyOffers(text % {"most": OFFERS, "when": when(again)})


def may_open(*, actor: Actor, now: datetime) -> None:
    """:raises TooManyCases: after ten cases of one buyer in a day"""
    rows = Case.objects.filter(buyer_id=actor.user_id)
    again = _full(rows, "opened_at", most=CASES, within=A_DAY, now=now)
    if again:
        text = _("You have opened %(most)s cases within a day. Nothing was sent; you can open another from %(when)s.")
        raise TooManyCases(text % {"most": CASES, "when": when(again)})


def _entries(actor: Actor, act: str) -> QuerySet[CaseEntry]:
    return CaseEntry.objects.filter(author_id=actor.user_id, act=act)


def _full(rows: QuerySet[Any], column: str, *, most: int, within: timedelta, now: datetime) -> datetime | None:
    """When there is room again, if ``most`` rows lie within the time; one query, however many there are."""
    recent = rows.filter(**{f"{column}__gt": now - within}).order_by(f"-{column}")
    oldest: list[datetime] = list(recent.values_list(column, flat=True)[most - 1 : most])
    return oldest[0] + within if oldest else None
