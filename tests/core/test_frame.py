"""The frame is kept per kind of visitor; what differs between visitors must never be kept with it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.template import Context
from django.test import RequestFactory
from django.utils import translation

from core.templatetags import frame

ANYBODY = SimpleNamespace(is_authenticated=False)


def person(name: str) -> SimpleNamespace:
    return SimpleNamespace(is_authenticated=True, display_name=name)


def header(path: str = "/", user: object = ANYBODY, **more: object) -> str:
    request = RequestFactory().get(path)
    return frame.site_header(Context({"request": request, "user": user, "csrf_token": "t0", **more}))


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def test_one_persons_words_do_not_reach_the_next():
    first = header("/?q=tea", person("Lin"), csrf_token="secret-of-lin", cart_count=3, unread_count=1)
    second = header("/?q=cup", person("Wu"), csrf_token="secret-of-wu", cart_count=8, unread_count=2)
    assert "Lin" in first
    for word in ("Lin", "secret-of-lin", 'value="tea"', ">3<"):
        assert word not in second
    for word in ("Wu", "secret-of-wu", 'value="cup"', ">8<"):
        assert word in second


def test_words_are_escaped():
    html = header('/?q="><b>x', person("<i>Lin</i>"))
    assert "<b>x" not in html
    assert "<i>Lin" not in html


def test_a_hole_in_a_search_is_not_filled():
    html = header(f"/?q={frame.OPEN}csrf_token{frame.CLOSE}", csrf_token="secret")
    assert html.count("secret") == 1  # the language form's own


def test_kinds_of_visitor_see_their_own_places():
    assert "Sign in" in header()
    assert "Sign out" not in header()
    assert "Mediation console" not in header(user=person("Lin"))
    assert "Mediation console" in header(user=person("Chen"), is_mediator=True)
    assert "My store" in header(user=person("Wu"), has_store=True)
    assert "Sandbox" in header(SANDBOX=True)
    assert "Sandbox" not in header(SANDBOX=False)


def test_each_language_has_its_own_frame():
    english = header()
    with translation.override("zh-hans"):
        chinese = header()
    assert 'value="zh-hans"' in english
    assert 'value="en"' in chinese


def test_the_footer_shows_only_what_is_set():
    assert "beian.miit" not in frame.site_footer(Context({"FOOTER": {}}))
    assert "ICP-1" in frame.site_footer(Context({"FOOTER": {"icp": "ICP-1"}}))


@pytest.mark.parametrize(
    ("path", "place"), [("/merchant/", "Home"), ("/merchant/orders/T1/", "Orders"), ("/merchant/x/", "Home")]
)
def test_the_office_marks_where_one_stands(path, place):
    html = frame.side_nav(Context({"request": RequestFactory().get(path), "my_store": None}), "merchant")
    assert html.count('aria-current="page"') == 1
    assert html.split('aria-current="page"')[1].split("</a>")[0].endswith(place)
