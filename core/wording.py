"""How times, spans and masked names are written, on pages and in messages alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.utils import timezone
from django.utils.translation import get_language, gettext, pgettext, pgettext_lazy

from core import clock

WEEKDAYS = (
    pgettext_lazy("weekday", "Mon"),
    pgettext_lazy("weekday", "Tue"),
    pgettext_lazy("weekday", "Wed"),
    pgettext_lazy("weekday", "Thu"),
    pgettext_lazy("weekday", "Fri"),
    pgettext_lazy("weekday", "Sat"),
    pgettext_lazy("weekday", "Sun"),
)


MONTHS = (
    pgettext_lazy("month", "Jan"),
    pgettext_lazy("month", "Feb"),
    pgettext_lazy("month", "Mar"),
    pgettext_lazy("month", "Apr"),
    pgettext_lazy("month", "May"),
    pgettext_lazy("month", "Jun"),
    pgettext_lazy("month", "Jul"),
    pgettext_lazy("month", "Aug"),
    pgettext_lazy("month", "Sep"),
    pgettext_lazy("month", "Oct"),
    pgettext_lazy("month", "Nov"),
    pgettext_lazy("month", "Dec"),
)
# The letters of Django's date formats that a translated pattern may use; Django's own formatter is ten times slower.
_LETTER = re.compile("[DMYnjHi]")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of one language, looked up once: a list of fifty rows writes a hundred times."""

    time: str
    time_with_year: str
    day: str
    day_with_year: str
    ahead: str
    behind: str
    spans: dict[str, str]
    weekdays: tuple[str, ...]
    months: tuple[str, ...]


@lru_cache(maxsize=8)
def _lexicon(language: str) -> Lexicon:
    """``language`` is the active one; it is the key."""
    return Lexicon(
        time=pgettext("date format, time of this year", "D j M, H:i"),
        time_with_year=pgettext("date format, time of another year", "D j M Y, H:i"),
        day=pgettext("date format, day of this year", "D j M"),
        day_with_year=pgettext("date format, day of another year", "D j M Y"),
        ahead=gettext("in %(span)s"),
        behind=gettext("%(span)s ago"),
        spans={
            "dh": gettext("%(d)s d %(h)s h"),
            "hm": gettext("%(h)s h %(m)s min"),
            "m": gettext("%(m)s min"),
            "s": gettext("%(s)s s"),
        },
        weekdays=tuple(str(word) for word in WEEKDAYS),
        months=tuple(str(word) for word in MONTHS),
    )


def _words() -> Lexicon:
    return _lexicon(get_language() or "")


def _written(at: date, pattern: str) -> str:
    words = _words()
    letters = {
        "D": words.weekdays[at.weekday()],
        "M": words.months[at.month - 1],
        "Y": str(at.year),
        "n": str(at.month),
        "j": str(at.day),
    }
    if isinstance(at, datetime):
        letters |= {"H": f"{at.hour:02}", "i": f"{at.minute:02}"}
    return _LETTER.sub(lambda letter: letters[letter.group()], pattern)


def when(at: datetime, *, now: datetime | None = None) -> str:
    """Absolute local time, ``Thu 3 Dec, 14:00``; the year appears only when it is not this year."""
    zone, words = timezone.get_current_timezone(), _words()
    local = at.astimezone(zone)
    this_year = (now or clock.now()).astimezone(zone).year
    return _written(local, words.time if local.year == this_year else words.time_with_year)


def day(at: datetime | date, *, now: datetime | None = None) -> str:
    """Absolute local date, ``Thu 3 Dec``; the year appears only when it is not this year."""
    zone, words = timezone.get_current_timezone(), _words()
    local = at.astimezone(zone).date() if isinstance(at, datetime) else at
    this_year = (now or clock.now()).astimezone(zone).year
    return _written(local, words.day if local.year == this_year else words.day_with_year)


def span(length: timedelta) -> str:
    """A length of time in its two largest units: ``2 d 3 h``, ``3 h 20 min``, ``12 min``, ``45 s``."""
    seconds = abs(int(length.total_seconds()))
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    unit = "dh" if days else "hm" if hours else "m" if minutes else "s"
    return _words().spans[unit] % {"d": days, "h": hours, "m": minutes, "s": seconds}


def until(at: datetime, *, now: datetime | None = None) -> str:
    """Distance to an instant, said both ways: ``in 2 d 3 h`` ahead of it, ``2 d 3 h ago`` behind it."""
    distance, words = at - (now or clock.now()), _words()
    return (words.ahead if distance >= timedelta() else words.behind) % {"span": span(distance)}


def countdown_words() -> dict[str, str]:
    """The patterns of ``until`` for the ticking script, so that it speaks as the server does."""
    words = _words()
    return {"in": words.ahead, "ago": words.behind, **words.spans}


def mask_phone(phone: str) -> str:
    """``138****1234``: enough to recognise one's own number, too little to call it."""
    digits = phone.strip()
    digits = digits.removeprefix("+86") if digits.startswith("+86") else digits
    if len(digits) < 7:
        return "*" * len(digits)
    return f"{digits[:3]}****{digits[-4:]}"


def mask_name(name: str) -> str:
    """First letter of a name and two stars, whatever the script."""
    stripped = name.strip()
    return f"{stripped[0]}**" if stripped else ""
