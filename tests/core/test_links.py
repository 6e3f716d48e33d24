"""Which addresses of other sites are taken, and how they are kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import signing
from hypothesis import given
from hypothesis import strategies as st

from core.links import SALT, BadLink, LinkGone, checked, host_of, is_foreign_script, is_same, subject_of, way_out

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
    assert subject == "7" and is_same("https://maker.example.com/", digest)
    assert not is_same("https://evil.example.com/", digest) and not is_same("", digest)
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
