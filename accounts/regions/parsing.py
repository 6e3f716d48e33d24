"""
Read a pasted address line: "张三 13800138000 浙江省杭州市西湖区文三路 100 号 3-201".

The answer is a suggestion that the form shows for correction; what cannot be found is None. It never raises, and it
looks at the first 600 characters only, so that a pasted novel costs no more than an address.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from accounts.regions.matching import Match, find_region

LONGEST_TEXT = 600
LONGEST_STREET = 120
PHONE, REGION = "\x01", "\x02"  # place marks; control characters of the text itself are taken out before

NAME_LABEL = r"收货人|收件人|收货人姓名|姓名|联系人|name|recipient|consignee"
OTHER_LABEL = (
    r"手机号码|手机号|手机|联系电话|电话号码|电话|收货地址|收件地址|所在地区|详细地址|地址|phone|mobile|tel|address"
)
LABELLED_NAME = re.compile(rf"(?:{NAME_LABEL})\s?:\s{{0,3}}([^\n,;:|\d\x01]{{1,40}})", re.I)
LABELS = re.compile(rf"(?:{NAME_LABEL}|{OTHER_LABEL})\s?:", re.I)
POSTCODE = re.compile(r"邮(?:政)?编(?:码)?\s?:?\s?\d{6}|(?<![\w-])\d{6}(?![\w-])")
PHONES = (
    re.compile(r"(?<!\d)(?:\(?\+?(?:00)?86\)?[ -]?)?(1[3-9]\d[ -]?\d{4}[ -]?\d{4})(?!\d)"),
    re.compile(r"(?<![\d+])(\+[1-9]\d{0,3}[ -]?\d{2,5}[ -]?\d{3,4}[ -]?\d{3,4})(?!\d)"),
    re.compile(r"(?<![\d-])(0\d{2,3}[ -]?\d{7,8})(?!\d)"),
)
CHINESE = re.compile(r"[\u3400-\u9fff]")
CHINESE_NAME = re.compile(
    r"[\u3400-\u9fff]{2,4}(?:先生|女士|小姐|老师)?|[\u3400-\u9fff]{1,9}(?:·[\u3400-\u9fff]{1,9}){1,3}"
)
LATIN_NAME = re.compile(r"[A-Za-z][A-Za-z'.-]{0,20}(?: [A-Za-z][A-Za-z'.-]{0,20}){0,3}")
RECEIVE = re.compile(r"\s?\(?(?:亲?收)\)?$")
STREETY = re.compile(
    r"(?:路|街|道|号|村|组|镇|乡|室|楼|栋|幢|元|区|县|市|省|座|层|厦|店|站|校|院|厂|公司|广场|花园|家园|柜|驿站)$"
)
SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
    "姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文"
    "牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛"
    "曲翁冉骆蓝路游辛靳欧管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷"
    "晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛"
)
DOUBLE_SURNAMES = frozenset(
    {"欧阳", "司马", "上官", "诸葛", "司徒", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "夏侯", "端木", "南宫"}
)


@dataclass(frozen=True, slots=True)
class ParsedAddress:
    """What was found; the codes are those of the region table."""

    name: str | None = None
    phone: str | None = None
    province: str | None = None
    city: str | None = None
    district: str | None = None
    street: str | None = None


def parse_address(text: str) -> ParsedAddress:
    """Take a pasted line apart; None for each part that is not there."""
    line = tidy(text)
    labelled = LABELLED_NAME.search(line)
    line, phone = take_phone(line)
    line = POSTCODE.sub("\n", LABELS.sub("\n", line))
    region = find_region(line)
    if region is not None:
        line = f"{line[: region.start]}\n{REGION}{line[region.end :]}"
    tokens = tokenise(line)
    sure = phone is not None or region is not None
    name = clean_name(labelled.group(1)) if labelled else None
    if name is None:
        name = best_name(tokens, sure=sure)
    return ParsedAddress(
        name=name,
        phone=phone,
        province=region.province.code if region else None,
        city=region.city.code if region and region.city else None,
        district=region.district.code if region and region.district else None,
        street=street_of(tokens, name=name, region=region, sure=sure),
    )


def tidy(text: str) -> str:
    """Half-width, without control characters, and no longer than an address can be."""
    line = unicodedata.normalize("NFKC", text[:LONGEST_TEXT].replace("\t", " ").replace("\r", "\n"))[:LONGEST_TEXT]
    return "".join(c for c in line if c == "\n" or unicodedata.category(c)[0] != "C").replace("。", "\n").strip()


def take_phone(line: str) -> tuple[str, str | None]:
    for pattern in PHONES:
        found = pattern.search(line)
        if found:
            number = found.group(1)
            kept = number if number.startswith("0") else re.sub(r"[ -]", "", number)
            return f"{line[: found.start()]}\n{PHONE}\n{line[found.end() :]}", kept
    return line, None


def tokenise(line: str) -> list[str]:
    """Split at strong marks; a part with Chinese in it at spaces too, a Latin one ("Lin Xiao") not."""
    tokens: list[str] = []
    for part in re.split(r"[\n,;|]+", line):
        part = part.strip(" :、")
        if part:
            tokens += part.split() if CHINESE.search(part) else [part]
    return [token for token in tokens if not RECEIVE.fullmatch(token)]


def clean_name(token: str) -> str | None:
    """Return the token as a name, or None if no name looks like it."""
    bare = RECEIVE.sub("", token.strip()).strip()
    if CHINESE_NAME.fullmatch(bare) and not STREETY.search(bare):
        return bare
    return bare if LATIN_NAME.fullmatch(bare) else None


def best_name(tokens: list[str], *, sure: bool) -> str | None:
    """Return the likeliest name: a known surname, next to the phone, before the place."""
    place = next((i for i, token in enumerate(tokens) if token.startswith(REGION)), len(tokens))
    best, best_score = None, 1
    for i, token in enumerate(tokens):
        bare = clean_name(token)
        if bare is None:
            continue
        chinese = CHINESE.match(bare) is not None
        score = 3 if bare[0] in SURNAMES or bare[:2] in DOUBLE_SURNAMES else 0
        score += 2 if PHONE in tokens[max(i - 1, 0) : i + 2] else 0
        score += 1 if i < place < len(tokens) else 0
        if score > best_score and (sure or chinese):
            best, best_score = bare, score
    return best


def street_of(tokens: list[str], *, name: str | None, region: Match | None, sure: bool) -> str | None:
    """Return what is left, without the name, in the order of the text; the part after the place first."""
    left = [token for token in tokens if token != PHONE and (name is None or clean_name(token) != name)]
    place = next((i for i, token in enumerate(left) if token.startswith(REGION)), 0) if region else 0
    street = " ".join(left[place:] + left[:place]).replace(REGION, "").strip(" -:、")
    if not sure and not CHINESE.search(street):
        return None
    return street[:LONGEST_STREET].strip() or None
