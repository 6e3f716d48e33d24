"""Money, times, icons and links as pages write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from core import wording
from core.money import Money
from core.templatetags import tashi

NOW = datetime(2026, 11, 30, 4, 0, tzinfo=UTC)  # noon in Shanghai


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def rendered(text: str, **context: object) -> str:
    return Template(text).render(Context(context))


def test_money_from_an_amount_or_from_minor_units():
    assert tashi.money(Money(128_000)) == "¥1,280.00"
    assert tashi.money(128_000, "USD") == "$1,280.00"
    assert tashi.money(Money(-5)) == "-¥0.05"
    assert tashi.money(None) == "–"


def test_signed_money_shows_the_direction():
    assert [tashi.signed(Money(minor)) for minor in (12_800, 0, -12_800)] == ["+¥128.00", "¥0.00", "-¥128.00"]


def test_a_price_is_said_once_in_one_piece():
    html = rendered('{% price amount "lg" %}', amount=Money(128_000))
    assert '<b>1,280</b><small>.00</small></span><span class="visually-hidden">¥1,280.00</span>' in html
    assert 'class="price price-lg"' in html
    assert html.count('aria-hidden="true"') == 1


def test_a_price_without_decimals():
    assert "<b>1,280</b><small></small>" in tashi.price(Money(1_280, "JPY"))


def test_when_is_absolute_and_local():
    at = datetime(2026, 12, 3, 6, 0, tzinfo=UTC)
    assert wording.when(at, now=NOW) == "Thu 3 Dec, 14:00"
    assert wording.when(at.replace(year=2027), now=NOW) == "Fri 3 Dec 2027, 14:00"
    assert wording.day(at, now=NOW) == "Thu 3 Dec"
    assert wording.day(date(2026, 12, 3), now=NOW) == "Thu 3 Dec"


def test_the_year_is_that_of_the_reader_not_of_utc():
    new_year_in_shanghai = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)
    assert wording.when(new_year_in_shanghai, now=NOW) == "Fri 1 Jan 2027, 00:30"


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        (timedelta(days=2, hours=3, minutes=59), "in 2 d 3 h"),
        (timedelta(hours=3, minutes=20), "in 3 h 20 min"),
        (timedelta(minutes=12, seconds=9), "in 12 min"),
        (timedelta(seconds=45), "in 45 s"),
        (timedelta(), "in 0 s"),
        (timedelta(hours=-3), "3 h 0 min ago"),
    ],
)
def test_until_gives_two_units(distance, said):
    assert tashi.until(NOW + distance, NOW) == said


def test_nothing_to_say_is_a_dash():
    assert [tashi.when(None), tashi.day(None), tashi.until(None)] == ["–"] * 3


def test_masks_show_enough_to_recognise():
    assert tashi.mask_phone("+8613800001234") == "138****1234"
    assert tashi.mask_phone("12345") == "*****"
    assert tashi.mask_phone(None) == ""
    assert [tashi.mask_name(name) for name in ("王小明", "Lin Wei", "", None)] == ["王**", "L**", "", ""]


def test_icons_are_decoration_unless_named():
    assert 'aria-hidden="true"' in tashi.icon("shield")
    assert "#shield" in tashi.icon("shield")
    named = tashi.icon("shield", label='<b>"x"')
    assert 'role="img"' in named
    assert "<b>" not in named


def test_links_keep_their_filters():
    request = RequestFactory().get("/orders/", {"tab": "ship", "q": "茶 a&b", "page": "3"})
    assert rendered('{% qs sort="new" %}', request=request) == "?tab=ship&amp;q=%E8%8C%B6+a%26b&amp;sort=new"
    assert rendered("{% qs page=4 q=None tab='' %}", request=request) == "?page=4"
    assert rendered("{% qs page=2 %}") == "?page=2"
    assert rendered("{% qs %}") == "?"


def test_page_numbers_leave_out_the_far_ones():
    pages = Paginator(range(400), 20)
    assert tashi.page_numbers(pages.page(7)) == [1, 2, None, 6, 7, 8, None, 19, 20]
    assert tashi.page_numbers(Paginator(range(3), 20).page(1)) == [1]


def test_made_inputs_and_missing_items():
    assert rendered('{% make label="Pay" url="/x" as act %}{{ act.label }} {{ act.url }}') == "Pay /x"
    assert tashi.nth(["a"], 0) == "a"
    assert tashi.nth(["a"], 5) == ""
