"""
The people of the demo: who they are, how they sign in and what each can try.

Addresses at example.com reach nobody and the numbers +86 138 0000 00xx are kept for this table. The password is
public; it exists in the sandbox only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from demo import catalogue
from demo.catalogue.shapes import Bilingual

PASSWORD = "tashi-demo-2026"  # noqa: S105 - printed by ./run demo, refused outside the sandbox
CHINESE, ENGLISH = "zh-hans", "en"


class Role(StrEnum):
    BUYER = "buyer"
    MERCHANT = "merchant"
    MEDIATOR = "mediator"
    SUPERUSER = "superuser"


@dataclass(frozen=True, slots=True)
class DemoAddress:
    name: str
    phone: str
    district_code: str
    street: str
    postcode: str
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    key: str
    role: Role
    name: str
    name_en: str
    email: str
    phone: str  # E.164
    language: str
    can_try: Bilingual
    store: str | None = None  # slug, for merchants
    prominent: bool = False  # shown in the first table
    addresses: tuple[DemoAddress, ...] = ()
    password: str = PASSWORD


def phone(number: int) -> str:
    return f"+86138000000{number:02d}"


BUYERS = (
    Person(
        key="lin-xiao",
        role=Role.BUYER,
        name="林晓",
        name_en="Lin Xiao",
        email="lin.xiao@example.com",
        phone=phone(1),
        language=CHINESE,
        prominent=True,
        can_try=Bilingual(
            "买一单：搜索、下单、在沙盒银行付款，看订单页的钱在哪里；确认收货或延长收货",
            "Buy something: search, check out, pay at the sandbox bank, see where the money is; confirm or extend",
        ),
        addresses=(
            DemoAddress("林晓", phone(1), "330106", "文三路 100 号 3 幢 201 室", "310012", True),
            DemoAddress("林晓（公司）", phone(1), "330108", "滨盛路 18 号 12 楼前台", "310052"),
        ),
    ),
    Person(
        key="maya-reed",
        role=Role.BUYER,
        name="Maya Reed",
        name_en="Maya Reed",
        email="maya.reed@example.com",
        phone=phone(2),
        language=ENGLISH,
        prominent=True,
        can_try=Bilingual(
            "英文买家：打开售后，上传照片，与商家谈退款，或请平台裁决",
            "A buyer who reads English: open a case, add photographs, settle with the merchant or ask for a ruling",
        ),
        addresses=(DemoAddress("Maya Reed", phone(2), "310106", "Yuyuan Road 88, Lane 3, Room 502", "200040", True),),
    ),
    Person(
        key="zhao-tian",
        role=Role.BUYER,
        name="赵田",
        name_en="Zhao Tian",
        email="zhao.tian@example.com",
        phone=phone(3),
        language=CHINESE,
        can_try=Bilingual(
            "等发货的买家：看超时未发货时怎样自动退款",
            "A buyer who waits: see how an order that is never shipped pays itself back",
        ),
        addresses=(DemoAddress("赵田", phone(3), "510104", "春熙路 26 号 7 单元 1103", "610021", True),),
    ),
)

APPLICANT = Person(
    key="jiang-he",
    role=Role.BUYER,
    name="江禾",
    name_en="Jiang He",
    email="jiang.he@example.com",
    phone=phone(4),
    language=CHINESE,
    prominent=True,
    can_try=Bilingual(
        "准备开店：填了一半的入驻清单，上传证件，下一笔测试订单",
        "About to open a store: a checklist half filled in; send papers, place a test order",
    ),
    addresses=(DemoAddress("江禾", phone(4), "330106", "古墩路 55 号 2 幢 301 室", "310012", True),),
)

# Store owners: key, name, name in English, store. The first three are the ones to sign in as.
OWNERS = (
    ("shen-qing", "沈青", "Shen Qing", "qingtao"),
    ("he-lan", "何澜", "He Lan", "tinglan"),
    ("bai-xing", "白杏", "Bai Xing", "guoling"),
    ("wu-gang", "吴刚", "Wu Gang", "renzhen"),
    ("luo-ming", "罗明", "Luo Ming", "dengxia"),
    ("gu-mian", "顾棉", "Gu Mian", "xuyu"),
    ("ye-song", "叶松", "Ye Song", "muzuo"),
    ("zhou-yan", "周岩", "Zhou Yan", "yiye"),
    ("ma-lan", "马兰", "Ma Lan", "fengchao"),
    ("cai-hong", "蔡虹", "Cai Hong", "bulv"),
    ("tang-yuan", "唐远", "Tang Yuan", "yuanxing"),
    ("fang-mo", "方墨", "Fang Mo", "shiye"),
)
OWNERS_TRY = {
    "shen-qing": Bilingual(
        "陶瓷店主：发货、上传打包照片，处理破损售后",
        "Runs the pottery: ship with photographs of the packing, answer a case about a broken mug",
    ),
    "he-lan": Bilingual(
        "数码店主：批量导入运单，看余额与打款",
        "Runs the audio shop: import tracking numbers from a file, look at balance and payouts",
    ),
    "bai-xing": Bilingual(
        "水果店主：编辑商品与诚信说明，商量部分退款",
        "Runs the fruit shop: edit a listing and its honesty fields, agree on a part refund",
    ),
}
OWNER_TRY = Bilingual("店主：管理自己的商品、订单与货款", "Runs a store: products, orders and money of its own")


def _at(slug: str, can_try: Bilingual) -> Bilingual:
    """Who has bought somewhere wants to know whose store that is."""
    name = catalogue.store(slug).name
    return Bilingual(f"{name.zh} · {can_try.zh}", f"{name.en} · {can_try.en}")


MERCHANTS = tuple(
    Person(
        key=key,
        role=Role.MERCHANT,
        name=name,
        name_en=name_en,
        email=f"{key.replace('-', '.')}@example.com",
        phone=phone(20 + number),
        language=CHINESE if key != "he-lan" else ENGLISH,
        can_try=_at(store, OWNERS_TRY.get(key, OWNER_TRY)),
        store=store,
        prominent=key in OWNERS_TRY,
    )
    for number, (key, name, name_en, store) in enumerate(OWNERS, 1)
)

MEDIATORS = (
    Person(
        key="meng-ping",
        role=Role.MEDIATOR,
        name="孟平",
        name_en="Meng Ping",
        email="meng.ping@example.com",
        phone=phone(51),
        language=CHINESE,
        prominent=True,
        can_try=Bilingual(
            "裁决员：在 /console/ 领取案件，核对证据，按规则写理由并分配货款",
            "A mediator: take a case in /console/, weigh the evidence, rule with reasons and split the money",
        ),
    ),
    Person(
        key="june-hart",
        role=Role.MEDIATOR,
        name="June Hart",
        name_en="June Hart",
        email="june.hart@example.com",
        phone=phone(52),
        language=ENGLISH,
        can_try=Bilingual("第二位裁决员（英文）：复核与改派", "A second mediator, in English: look again, take over"),
    ),
)

SUPERUSER = Person(
    key="admin",
    role=Role.SUPERUSER,
    name="管理员",
    name_en="Administrator",
    email="admin@example.com",
    phone=phone(99),
    language=CHINESE,
    can_try=Bilingual(
        "管理员：/admin/ 参考数据，/console/ 付款、时钟与对账",
        "The administrator: reference data in /admin/, payments, clocks and the books in /console/",
    ),
)

PEOPLE: tuple[Person, ...] = (*BUYERS, APPLICANT, *MERCHANTS, *MEDIATORS, SUPERUSER)


def person(key: str) -> Person:
    """:raises KeyError: if nobody has this key"""
    return {somebody.key: somebody for somebody in PEOPLE}[key]


def people(role: Role) -> tuple[Person, ...]:
    return tuple(somebody for somebody in PEOPLE if somebody.role == role)
