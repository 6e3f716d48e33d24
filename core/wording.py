"""How times, spans and masked names are written, on pages and in messages alike."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.dateformat import DateFormat
from django.utils.translation import gettext, pgettext, pgettext_lazy

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


class HouseDate(DateFormat):
    """Django's date letters, with the short weekday of everyday Chinese instead of the long one."""

    def D(self) -> str:
        return str(WEEKDAYS[self.data.weekday()])


def when(at: datetime, *, now: datetime | None = None) -> str:
    """Absolute local time, ``Thu 3 Dec, 14:00``; the year appears only when it is not this year."""
    local = timezone.localtime(at)
    this_year = timezone.localtime(now or clock.now()).year
    if local.year == this_year:
        pattern = pgettext("date format, time of this year", "D j M, H:i")
    else:
        pattern = pgettext("date format, time of another year", "D j M Y, H:i")
    return str(HouseDate(local).format(pattern))


def day(at: datetime | date, *, now: datetime | None = None) -> str:
    """Absolute local date, ``Thu 3 Dec``; the year appears only when it is not this year."""
    local = timezone.localtime(at).date() if isinstance(at, datetime) else at
    this_year = timezone.localtime(now or clock.now()).year
    if local.year == this_year:
        pattern = pgettext("date format, day of this year", "D j M")
    else:
        pattern = pgettext("date format, day of another year", "D j M Y")
    return str(HouseDate(local).format(pattern))


def span(length: timedelta) -> str:
    """A length of time in its two largest units: ``2 d 3 h``, ``3 h 20 min``, ``12 min``, ``45 s``."""
    seconds = abs(int(length.total_seconds()))
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    if days:
        return gettext("%(d)s d %(h)s h") % {"d": days, "h": hours}
    if hours:
        return gettext("%(h)s h %(m)s min") % {"h": hours, "m": minutes}
    if minutes:
        return gettext("%(m)s min") % {"m": minutes}
    return gettext("%(s)s s") % {"s": seconds}


def until(at: datetime, *, now: datetime | None = None) -> str:
    """Distance to an instant, said both ways: ``in 2 d 3 h`` ahead of it, ``2 d 3 h ago`` behind it."""
    distance = at - (now or clock.now())
    pattern = gettext("in %(span)s") if distance >= timedelta() else gettext("%(span)s ago")
    return pattern % {"span": span(distance)}


def countdown_words() -> dict[str, str]:
    """The patterns of ``until`` for the ticking script, so that it speaks as the server does."""
    return {
        "in": gettext("in %(span)s"),
        "ago": gettext("%(span)s ago"),
        "dh": gettext("%(d)s d %(h)s h"),
        "hm": gettext("%(h)s h %(m)s min"),
        "m": gettext("%(m)s min"),
        "s": gettext("%(s)s s"),
    }


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
