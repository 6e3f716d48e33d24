"""Which addresses of other sites are taken, and how they are kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import signing
from hypothesis import given
from hypothesis import strategies as st

from core.links import (
    SALT,
    BadLink,
    LinkGone,
    LinkNotHere,
    Worded,
    blotted,
    checked,
    host_of,
    is_foreign_script,
    same_of,
    subject_of,
    way_out,
    without_links,
    worded,
)

KEPT = {
    "https://maker.example.com": "https://maker.example.com/",
    " https://maker.example.com/a b".replace(" b", "/b "): "https://maker.example.com/a/b",
    "HTTPS://Maker.Example.COM/Manual.pdf?lang=zh&v=2#p3": "https://maker.example.com/Manual.pdf?lang=zh&v=2#p3",
    "https://maker.example.com:443/x": "https://maker.example.com/x",
    "https://maker.example.com./x": "https://maker.example.com/x",
    "https://maker.example.com/说明书": "https://maker.example.com/%E8%AF%B4%E6%98%8E%E4%B9%A6",
    "https://maker.example.com/a%20b": "https://maker.example.com/a%20b",
    "https://商城.中国/手册": "https://xn--czru2d.xn--fiqs8s/%E6%89%8B%E5%86%8C",
    "https://maker。example。com/x": "https://maker.example.com/x",
    "https://аpple.com/": "https://xn--pple-43d.com/",  # the first letter is Cyrillic
    "https://straße.de/": "https://xn--strae-oqa.de/",
}
REFUSED = [
    "", "maker.example.com", "http://maker.example.com/", "javascript:alert(1)", "data:text/html,x", "ftp://a.com/",
    "//maker.example.com/", "https:maker.example.com", "https:///x", "https://", "https://a", "https://localhost/",
    "https://shop.localhost/", "https://router.lan/", "https://intra.corp/", "https://a.internal/", "https://x.onion/",
    "https://127.0.0.1/", "https://192.168.0.1/x", "https://8.8.8.8/", "https://0x7f.1/", "https://2130706433/",
    "https://017700000001/", "https://127.1/", "https://１２７.０.０.１/", "https://[::1]/", "https://[::ffff:7f00:1]/",
    "https://[fe80::1%25eth0]/", "https://user@maker.example.com/", "https://user:pw@maker.example.com/",
    "https://maker.example.com@evil.example.net/", "https://maker.example.com:8443/", "https://maker.example.com:0/",
    "https://maker.example.com:x/", "https://maker.example.com\\@evil.com/", "https://maker example.com/",
    "https://maker.example.com/a\nb", "https://maker.example.com/\x00", "https://maker.example.com/<b>",
    'https://maker.example.com/"x', "https://maker.example.com/\u202egnp", "https://a\u200b.example.com/",
    "https://-a.example.com/", "https://a..example.com/", "https://a_b.example.com/", "https://%65vil.com/",
    "https://maker.example.com/" + "a" * 300, "https://maker.example.com/" + "说" * 60, "https://" + "a" * 64 + ".com/",
    "http://127.0.0.1:8000/",
]  # fmt: skip


@pytest.mark.parametrize(("typed", "kept"), KEPT.items())
def test_an_address_is_kept_as_the_browser_asks_for_it(typed, kept):
    assert checked(typed) == kept
    assert checked(kept) == kept, "and stays so"


@pytest.mark.parametrize("typed", REFUSED)
def test_asvs_1_2_2_anything_else_is_refused_in_words(typed):
    with pytest.raises(BadLink) as refusal:
        checked(typed)
    assert refusal.value.message


def test_our_own_address_is_no_other_site(settings):
    settings.SITE_URL = "https://tashi.example.net"
    with pytest.raises(BadLink):
        checked("https://Tashi.example.net/accounts/logout/")


@given(st.text(max_size=60))
def test_whatever_is_typed_is_kept_clean_or_refused(text):
    for typed in (text, f"https://{text}", f"https://maker.example.com/{text}"):
        try:
            link = checked(typed)
        except BadLink:
            continue
        assert link.isascii() and link.startswith("https://") and len(link) <= 300
        assert not set(link) & set(" \"'<>\\`\n\r\t{}|^") - {"'"}
        assert "@" not in link.removeprefix("https://").partition("/")[0]
        assert checked(link) == link


def test_the_host_is_shown_as_it_is_asked_for():
    link = checked("https://аpple.com/")
    assert host_of(link) == "xn--pple-43d.com" and is_foreign_script(link)
    assert not is_foreign_script("https://apple.com/")


def test_the_way_out_is_ours_for_one_link_and_not_for_ever(monkeypatch):
    token = way_out("7", "https://maker.example.com/")
    subject, digest = subject_of(token)
    assert subject == "7"
    assert same_of(["https://a.example.com/", "https://maker.example.com/"], digest) == "https://maker.example.com/"
    for others in ([], [""], ["https://evil.example.com/"]):
        with pytest.raises(LinkGone):
            same_of(others, digest)
    forged = signing.dumps(["7", digest], salt="another")
    for wrong in (
        "",
        "x",
        token[:-1] + "x",
        forged,
        signing.dumps("7", salt=SALT),
        signing.dumps([1, 2, 3], salt=SALT),
    ):
        with pytest.raises(LinkGone):
            subject_of(wrong)
    monkeypatch.setattr("core.links.VALID", timedelta(seconds=-1))
    with pytest.raises(LinkGone):
        subject_of(token)


WORDS = {
    "No link at all: 2.5 kg, e.g. tea. Write to me@maker.com, data: below.": [],
    "See https://maker.example.com/x, and (https://a.example.org/y).":
        ["https://maker.example.com/x", "https://a.example.org/y"],
    "请看https://maker.example.com/x，谢谢。": ["https://maker.example.com/x"],
    "https://de.example.org/wiki/Tee_(Getränk)": ["https://de.example.org/wiki/Tee_(Getr%C3%A4nk)"],
    "Twice https://maker.example.com and https://maker.example.com/": ["https://maker.example.com/"],
}  # fmt: skip
MEANT = [
    "Press javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html;base64,x", "vbscript:x",
    "http://maker.example.com/",
    "ftp://a.example.com/x", "weixin://dl/chat", "alipays://platformapi/", "https://user:pw@maker.example.com/",
    "https://maker.example.com@evil.example.net/", "https://127.0.0.1/", "https://maker。example。com/x",
    "https:/evil.com",
    "www.evil.example", "Come to evil.com/now", "去evil.com看", "tea.cn", "shop.evil.xyz",
]  # fmt: skip


@pytest.mark.parametrize(("text", "links"), WORDS.items())
def test_links_are_found_in_words_and_spelled_as_they_are_kept(text, links):
    said = worded(text, longest=4000)
    assert list(said.links) == links
    assert all(link in said.text for link in links)
    assert worded(said.text, longest=4000) == said, "and stay so"
    if links:
        with pytest.raises(LinkNotHere):
            without_links(text)
        assert "https://" not in blotted(said.text, said.links, word="[link]")
    else:
        assert without_links(text) == said.text == text


@pytest.mark.parametrize("text", MEANT)
def test_asvs_1_2_2_what_is_meant_as_a_link_and_is_none_is_not_left_for_the_reader_to_type(text):
    with pytest.raises(BadLink):
        worded(text, longest=4000)
    with pytest.raises(LinkNotHere):
        without_links(text)


def test_a_name_in_another_script_is_spelled_out_in_the_words_themselves():
    said = worded("Only today: https://аpple.com/pay", longest=4000)
    assert said == Worded("Only today: https://xn--pple-43d.com/pay", ("https://xn--pple-43d.com/pay",))


def test_a_message_has_few_links_and_stays_short_with_them():
    with pytest.raises(BadLink):
        worded(" ".join(f"https://{name}.example.com/" for name in "abcd"), longest=4000)
    with pytest.raises(BadLink):
        worded("https://maker.example.com/说明书", longest=40)


@given(st.text(max_size=200))
def test_whatever_is_written_is_kept_with_good_links_or_refused(text):
    for typed in (text, f"see https://maker.example.com/{text}", f"{text}https://{text}"):
        try:
            said = worded(typed, longest=4000)
        except BadLink:
            continue
        assert all(checked(link) == link and link in said.text for link in said.links)


@pytest.mark.parametrize("text", [
    "evil\uff0ecom", "\uff45\uff56\uff49\uff4c.com", "evil\u200b.com", "ev\u00adil.com/pay", "www\u2060.evil.ru",
    "\uff48\uff54\uff54\uff50\uff53://evil.ru/x", "java\u200bscript:alert(1)",
])  # fmt: skip
def test_a_name_of_a_site_in_wide_letters_or_with_unseen_ones_in_it_is_one(text):
    with pytest.raises(BadLink):
        worded(f"Pay at {text} please", longest=200)
    with pytest.raises(LinkNotHere):
        without_links(f"Pay at {text} please")


def test_words_in_chinese_with_wide_marks_are_no_links():
    text = "请在18：00前下单。app里也能看！价格：￥12．50，谢谢。"
    assert worded(text, longest=200).text == text and without_links(text) == text
