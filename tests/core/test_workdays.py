"""Within so many working days."""

from datetime import datetime

import pytest
from django.utils import timezone

from core.workdays import add_working_days

HERE = timezone.get_default_timezone()


def at(day: int, hour: int = 10, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=HERE)  # the 23rd of November is a Monday


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [(at(23), 3, at(26)), (at(27), 1, at(30)), (at(26), 3, at(1, month=12)), (at(23), 0, at(23))],
)
def test_weekends_do_not_count(start, days, end):
    assert add_working_days(start, days) == end


def test_what_comes_on_a_sunday_counts_from_monday():
    assert add_working_days(at(29, 20), 1) == at(1, 0, month=12)
