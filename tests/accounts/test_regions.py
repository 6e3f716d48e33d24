"""The table of divisions and the reader of pasted addresses."""

from __future__ import annotations

import time

import pytest

from accounts import regions
from accounts.regions import ParsedAddress, Region, parse_address
from accounts.regions.english import PROVINCES_IN_ENGLISH
from accounts.regions.table import DATA

XIHU = ("33", "3301", "330106")


def codes(parsed: ParsedAddress) -> tuple[str | None, str | None, str | None]:
    return parsed.province, parsed.city, parsed.district


def test_the_table_is_whole_and_small() -> None:
    assert len(regions.provinces()) == 34
    assert all(regions.cities(province.code) for province in regions.provinces())
    assert all(regions.districts(city.code) for p in regions.provinces() for city in regions.cities(p.code))
    assert DATA.stat().st_size < 150_000


def test_codes_are_unique_and_lie_below_their_parents() -> None:
    seen: set[str] = set()
    for province in regions.provinces():
        for city in regions.cities(province.code):
            assert city.code.startswith(province.code)
            for district in regions.districts(city.code):
                assert district.code.startswith(city.code)
                assert district.code not in seen
                seen.add(district.code)
    assert len(seen) > 3000


def test_every_province_has_an_english_name() -> None:
    assert {p.code for p in regions.provinces()} == set(PROVINCES_IN_ENGLISH)
    assert regions.province_in_english("330106") == "Zhejiang"
    assert regions.province_in_english("99") is None


def test_a_code_is_found_at_each_level() -> None:
    assert regions.find("33") == Region("33", "浙江省")
    assert regions.find("3301") == Region("3301", "杭州市")
    assert regions.find("330106") == Region("330106", "西湖区")
    assert regions.find("") is None
    assert regions.cities("00") == ()
    assert regions.districts("33") == ()


def test_the_path_is_of_districts_only() -> None:
    found = regions.path("330106")
    assert found is not None
    assert [region.name for region in found] == ["浙江省", "杭州市", "西湖区"]
    assert regions.path("3301") is None
    assert regions.path("999999") is None
    assert regions.path("") is None


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("330106", "浙江省杭州市西湖区"),
        ("110105", "北京市朝阳区"),
        ("441900119", "广东省东莞市长安镇"),
        ("419001", "河南省济源市"),
        ("1", ""),
    ],
)
def test_counting_names_are_left_out_of_the_line(code: str, written: str) -> None:
    assert regions.line(code) == written


def test_names_lead_to_a_path() -> None:
    found = regions.path_by_names(province="浙江省", city="杭州市", district="西湖区")
    assert found is not None and found.district.code == "330106"
    municipal = regions.path_by_names(province="重庆市", city="重庆市", district="云阳县")
    assert municipal is not None and municipal.city.code == "5002"
    assert regions.path_by_names(province="浙江省", city="南京市", district="西湖区") is None


def test_the_line_of_the_brief() -> None:
    assert parse_address("张三 13800138000 浙江省杭州市西湖区文三路 100 号 3-201") == ParsedAddress(
        name="张三", phone="13800138000", province="33", city="3301", district="330106", street="文三路 100 号 3-201"
    )


@pytest.mark.parametrize(
    "line",
    [
        "浙江省杭州市西湖区文三路100号 张三 13800138000",
        "浙江省杭州市西湖区文三路100号13800138000张三",
        "13800138000，张三，浙江省杭州市西湖区文三路100号",
        "张三浙江省杭州市西湖区文三路100号+86 138-0013-8000",
        "收货人：张三\n手机号码：138 0013 8000\n所在地区：浙江省 杭州市 西湖区\n详细地址：文三路100号",
        "杭州西湖区文三路100号 张三 008613800138000 (收)",
        "浙江 杭州 西湖区 文三路100号 张三（收） 13800138000 邮编：310012",
        "１３８００１３８０００ 张三 浙江省杭州市西湖区文三路100号",
    ],
)
def test_the_parts_are_found_in_any_order(line: str) -> None:
    assert parse_address(line) == ParsedAddress("张三", "13800138000", *XIHU, "文三路100号")


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("北京市朝阳区建国路88号", ("11", "1101", "110105")),
        ("北京市北京市海淀区中关村大街1号", ("11", "1101", "110108")),
        ("北京 市辖区 东城区 王府井大街", ("11", "1101", "110101")),
        ("重庆市云阳县青龙街道", ("50", "5002", "500235")),
        ("吉林省吉林市船营区", ("22", "2202", "220204")),
        ("吉林市船营区解放路", ("22", "2202", "220204")),
        ("江苏昆山花桥镇", ("32", "3205", "320583")),
        ("济源市北海街道", ("41", "4190", "419001")),
        ("青海省海南州共和县", ("63", "6325", "632521")),
        ("湖北恩施利川市", ("42", "4228", "422802")),
        ("广东省东莞市长安镇振安路1号", ("44", "4419", "441900119")),
        ("香港特别行政区九龙油尖旺区弥敦道100号", ("81", "8102", "810201")),
        ("杭州市西湖大道 12 号", ("33", "3301", None)),
        ("上海南京东路100号", ("31", None, None)),
        ("浙江省某处", ("33", None, None)),
    ],
)
def test_places_are_read_as_people_write_them(line: str, where: tuple[str | None, str | None, str | None]) -> None:
    assert codes(parse_address(line)) == where


@pytest.mark.parametrize("line", ["鼓楼区中山路 1 号", "西湖大道 12 号", "文山路 3 号", "南京东路 100 号"])
def test_a_place_that_could_be_anywhere_is_not_guessed(line: str) -> None:
    assert codes(parse_address(line)) == (None, None, None)
    assert parse_address(line).street == line


@pytest.mark.parametrize(
    "line",
    [
        "",
        "   \n",
        "hello world this is garbage",
        "!!! ??? 12345",
        "\x00\x01\x02",
        "\ud800 \udfff",
        "🙂🙂🙂",
        "<script>",
    ],
)
def test_garbage_gives_nothing(line: str) -> None:
    parsed = parse_address(line)
    assert codes(parsed) == (None, None, None)
    assert (parsed.name, parsed.phone) == (None, None)


def test_a_latin_name_beside_a_phone_is_a_name() -> None:
    parsed = parse_address("Lin Xiao, 13800000007, 12 Wensan Road")
    assert (parsed.name, parsed.phone, parsed.street) == ("Lin Xiao", "13800000007", "12 Wensan Road")


def test_names_of_other_peoples_and_phones_of_other_places() -> None:
    parsed = parse_address("阿依古丽·买买提 +852 5123 4567 新疆维吾尔自治区喀什地区喀什市人民东路5号")
    assert (parsed.name, parsed.phone, parsed.district) == ("阿依古丽·买买提", "+85251234567", "653101")
    assert parse_address("0571-88886666 张三丰 浙江杭州上城区延安路").phone == "0571-88886666"


@pytest.mark.parametrize(
    "text",
    [
        "张三" * 50_000,
        "1" * 100_000,
        "浙江省" * 33_000,
        "\ufdfa" * 100_000,
        " " * 100_000,
        "a\n" * 50_000,
        "0571-" * 20_000,
        "138 " * 25_000,
    ],
    ids=["names", "digits", "provinces", "ligatures", "spaces", "lines", "area codes", "half phones"],
)
def test_a_hundred_kilobytes_cost_no_more_than_an_address(text: str) -> None:
    parse_address("warm")
    began = time.perf_counter()
    parsed = parse_address(text)
    assert time.perf_counter() - began < 0.25
    assert len(parsed.street or "") <= 120


@pytest.mark.parametrize(
    ("address", "town", "english"),
    [
        ({"province": "浙江省", "city": "杭州市", "district": "西湖区"}, "杭州市", "Hangzhou"),
        ({"province": "陕西省", "city": "西安市", "district": "雁塔区"}, "西安市", "Xi'an"),
        ({"province": "上海市", "city": "市辖区", "district": "黄浦区"}, "上海市", "Shanghai"),
        ({"province": "重庆市", "city": "县", "district": "城口县"}, "重庆市", "Chongqing"),
        ({"province": "北京市", "city": "", "district": "朝阳区"}, "北京市", "Beijing"),
        ({"province": "海南省", "city": "省直辖县级行政区划", "district": "文昌市"}, "文昌市", "文昌市"),
        ({}, "", ""),
    ],
)
def test_a_town_is_what_people_call_it(address, town, english):
    assert regions.town(address) == town
    assert regions.town_in_english(town) == english
