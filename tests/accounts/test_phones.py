"""Phone numbers as people write them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from accounts.phones import at_home, to_e164


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("13800138000", "+8613800138000"),
        ("138 0013-8000", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("010-62345678", "+861062345678"),
        ("+44 20 7946 0958", "+442079460958"),
    ],
)
def test_one_number_however_it_is_written(typed, kept):
    assert to_e164(typed) == kept


@pytest.mark.parametrize(
    "typed", ["", "1", "1380013800", "110", "abc", "+", "+999 1234567", "13800138000 ext 5", "1" * 41, "\x00"]
)
def test_what_no_telephone_has_is_refused(typed):
    with pytest.raises(ValidationError):
        to_e164(typed)


def test_shown_as_dialled():
    assert at_home("+8613800138000") == "138 0013 8000"
    assert at_home("+442079460958") == "+44 20 7946 0958"
    assert at_home("rubbish") == "rubbish"
