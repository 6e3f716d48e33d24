"""Province and city from the operator's files: shown where they are there, and never in the way."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from accounts import towns
from accounts.checks import places_can_be_read
from accounts.models import Notice, OutgoingMessage
from accounts.queries.signals import read_signals
from accounts.towns import place_words, read
from accounts.xdb import Broken, Xdb
from flows.account_timeline import timeline_of
from tests.accounts.test_alerts import CHINA, CHINA_TOO, GERMANY, PHONE, event, sign_in
from tests.accounts.xdb_file import write_xdb
from tests.factories.accounts import UserFactory

SHENZHEN, NANJING = "中国|广东省|深圳市|电信|CN", "中国|江苏省|南京市|0|CN"
ROWS = [
    ("1.0.0.0", "1.0.0.255", SHENZHEN),
    ("1.0.1.0", "1.2.3.4", NANJING),  # across three blocks
    ("1.2.3.5", "1.2.3.5", "中国|北京|北京市|联通|CN"),
    ("85.214.0.0", "85.214.255.255", "德国|柏林|柏林|0|DE"),
    ("114.114.0.0", "114.115.255.255", NANJING),
]
ROWS_6 = [
    ("240e::", "240e:ff:ffff:ffff:ffff:ffff:ffff:ffff", SHENZHEN),
    ("240e:100::", "240f::", NANJING),
]


@pytest.fixture
def files(tmp_path, settings):
    four, six = write_xdb(tmp_path / "v4.xdb", ROWS), write_xdb(tmp_path / "v6.xdb", ROWS_6)
    settings.IP2REGION_XDB = [str(four), str(six)]
    towns.forget()
    yield four, six
    towns.forget()


@pytest.fixture
def lin(db, settings):
    settings.EMAIL_BACKEND = "accounts.channels.sandbox.EmailBackend"
    return UserFactory(phone=PHONE, email="lin@example.com", language="en")


def test_an_address_is_found_at_every_border_of_its_range(files):
    four, six = (Xdb(path) for path in files)
    borders = {
        "1.0.0.0": SHENZHEN, "1.0.0.255": SHENZHEN, "1.0.1.0": NANJING, "1.1.0.0": NANJING, "1.1.255.255": NANJING,
        "1.2.3.4": NANJING, "1.2.3.6": "", "0.255.255.255": "", "9.9.9.9": "", "240e::1": "",
    }  # fmt: skip
    assert {ip: four.find(ip) for ip in borders} == borders
    assert six.find("240e::") == SHENZHEN and six.find("240e:100::") == NANJING == six.find("240f::")
    assert six.find("240f::1") == "" == six.find("1.0.0.0")
    with pytest.raises(ValueError, match="nonsense"):
        four.find("nonsense")


def test_the_old_structure_knows_only_ipv4_and_has_an_area_in_its_texts(tmp_path, settings):
    old = write_xdb(tmp_path / "old.xdb", [("1.0.0.0", "1.0.0.9", "中国|0|广东省|深圳市|电信")], structure=2)
    settings.IP2REGION_XDB = [str(old)]
    towns.forget()
    assert towns.town_of("1.0.0.5") == ("广东省", "深圳市")
    towns.forget()


@pytest.mark.parametrize(
    ("text", "structure", "town"),
    [
        ("中国|广东省|深圳市|电信|CN", 3, ("广东省", "深圳市")),
        ("中国|广东省|深圳市|电信", 3, ("广东省", "深圳市")),
        ("中国|广东省|深圳市|电信|CN", 2, ("广东省", "深圳市")),
        ("中国|0|广东省|深圳市|电信", 2, ("广东省", "深圳市")),
        ("澳大利亚|0|0|0|0", 2, ("", "")),
        ("0|0|0|内网IP|内网IP", 2, ("", "内网IP")),
        ("德国|柏林|0|0|0", 3, ("柏林", "")),
        ("中国", 3, ("", "")),
        ("", 3, ("", "")),
    ],
)
def test_texts_of_every_shape_are_read(text, structure, town):
    assert read(text, structure=structure) == town


def test_places_are_written_in_the_readers_language(files):
    with translation.override("en"):
        assert place_words("1.0.0.1", "CN") == "CN · Guangdong · Shenzhen"
        assert place_words("1.2.3.5", "CN") == "CN · Beijing"
        assert place_words("240e::1", "CN") == "CN · Guangdong · Shenzhen"
    with translation.override("zh-hans"):
        assert place_words("1.0.0.1", "CN") == "CN · 广东省 · 深圳市"
        assert place_words("1.2.3.5", "CN") == "CN · 北京市"
        assert place_words("10.0.0.1", "") == "" == place_words("", "")


def test_without_a_file_the_country_is_what_is_shown(settings):
    assert settings.IP2REGION_XDB == []
    assert place_words(CHINA, "CN") == "CN" and place_words("", "") == ""


def spoilt(path, how):
    whole = path.read_bytes()
    path.write_bytes({
        "empty": b"", "a page": b"<html>not found</html>" * 40, "cut": whole[: len(whole) // 2],
        "no texts": whole[: 256 + 512 * 1024] + b"\xff" * (len(whole) - 256 - 512 * 1024),
        "newer": b"\x09" + whole[1:],
    }[how])  # fmt: skip


@pytest.mark.parametrize("how", ["empty", "a page", "cut", "no texts", "newer"])
def test_a_broken_file_is_said_once_by_check_and_stops_nobody(files, how, lin):
    spoilt(files[0], how)
    towns.forget()
    (warning,) = places_can_be_read()
    assert str(files[0]) in warning.msg and warning.id == "accounts.W001"
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    sign_in(client)
    assert client.get("/me/devices/").status_code == 200
    assert place_words("240e::1", "") != "", "the other file is read"


def test_a_file_cut_off_while_it_is_open_shows_the_country(files):
    assert towns.town_of("1.0.0.1") == ("广东省", "深圳市")
    files[0].write_bytes(files[0].read_bytes()[:1_000])
    assert place_words("1.0.1.1", "CN") == "CN"
    with pytest.raises(Broken):
        Xdb(files[0])


def test_a_missing_file_is_a_warning_and_no_error(settings, tmp_path, capsys):
    settings.IP2REGION_XDB = [str(tmp_path / "nowhere.xdb")]
    call_command("check")
    said = capsys.readouterr().err
    assert said.count("accounts.W001") == 1 and "No such file" in said


def test_lists_alerts_and_the_story_say_province_and_city(files, lin):
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    sign_in(client)
    sign_in(Client(HTTP_ACCEPT_LANGUAGE="en"), ip=GERMANY)
    for page in ("/me/devices/", "/me/logins/"):
        shown = client.get(page, headers={"accept-language": "en"}).content.decode()
        assert "CN · Jiangsu · Nanjing" in shown, page
    assert "Where: DE · 柏林" in Notice.objects.filter(kind="account.login").latest("created_at").body
    with translation.override("en"):
        assert any("CN · Jiangsu · Nanjing" in seen.text for seen in timeline_of(lin.pk))
    codes = OutgoingMessage.objects.filter(to=PHONE, body__contains="signing in on a new device")
    assert "(DE · 柏林)" in codes.latest("pk").body


def test_what_is_unusual_is_judged_without_the_files(files, lin):
    event(lin, ip=CHINA)
    assert not read_signals(event(lin, ip=CHINA_TOO)).is_unusual_place, "the same prefix"
    assert read_signals(event(lin, ip="114.115.0.9")).new_prefix, "the same city of the file, but not the same prefix"
