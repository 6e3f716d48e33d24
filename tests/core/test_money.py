"""Money: parsing what people type, and splitting without losing a fen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import BadAmount, CurrencyMismatch, Money, apportion, parse, share, total


@pytest.mark.parametrize(
    ("text", "minor"), [("128", 12_800), ("128.5", 12_850), ("¥1,280.00", 128_000), (" 0.01 ", 1), ("0", 0)]
)
def test_plain_amounts_are_read(text, minor):
    assert parse(text) == Money(minor, "CNY")


@pytest.mark.parametrize(
    "text", ["", "-1", "1.005", "1e3", "１２８", "٣", "NaN", "inf", "1.2.3", "0x10", "+5", "9" * 13, "1 2", "²"]
)
def test_anything_else_is_refused(text):
    with pytest.raises(BadAmount):
        parse(text)


def test_currencies_do_not_mix():
    with pytest.raises(CurrencyMismatch):
        Money(1, "CNY") + Money(1, "USD")
    with pytest.raises(CurrencyMismatch):
        total([Money(1, "CNY"), Money(1, "JPY")])


def test_yen_has_no_decimals_and_dinar_has_three():
    assert str(Money(100, "JPY")) == "JP¥100"
    assert Money(1_234, "KWD").digits == "1.234"
    with pytest.raises(BadAmount):
        parse("1.5", currency="JPY")


def test_people_read_minus_before_the_sign():
    assert str(Money(-128_000)) == "-¥1,280.00"


@given(st.integers(0, 10**12 - 1), st.sampled_from(["CNY", "JPY", "KWD", "USD"]))
def test_digits_read_back_as_the_same_amount(minor, currency):
    assert parse(Money(minor, currency).digits, currency=currency) == Money(minor, currency)


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=9).filter(any))
def test_parts_sum_to_the_whole(minor, weights):
    parts = apportion(minor, weights)
    assert sum(parts) == minor
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


@given(st.integers(0, 10**10), st.integers(0, 10_000), st.lists(st.integers(1, 10**9), max_size=6))
def test_a_fee_taken_in_steps_is_the_fee_taken_at_once(last, bps, steps):
    released = taken = 0
    for step in [*steps, last]:
        released += step
        taken += share(released, bps) - taken
    assert taken == share(released, bps)
    assert 0 <= taken <= released
