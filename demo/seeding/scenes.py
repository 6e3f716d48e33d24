"""The demo's deals: one order in each state, one case in each stage, and three months of finished business."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from datetime import datetime, timedelta

from accounts.models import Notice, User
from demo.people import MERCHANTS
from demo.seeding import timeline
from demo.seeding.player import Player
from demo.seeding.troubles import troubles
from demo.seeding.vetting import applications
from disputes.states import Ground, Party, Remedy
from shop.models import Product, Variant
from shop.states import Kind

HISTORY_DAYS = 90
PROMINENT = tuple(person.store for person in MERCHANTS if person.prominent and person.store)
CODES = ("tide-studio-licence", "alley-essays-ebook", "paper-course-pass")  # one variant each, the first two
POTTERY = "qingtao"  # its cups can arrive broken, as the pictures of the cases show
Users = Mapping[str, User]


def play_all(users: Users, products: Mapping[str, Product], *, now: datetime, history: int = 8) -> int:
    """Play everything in the order of time, up to now; give the number of deals."""
    shelf = _Shelf(products)
    scenes = [*_states(users, shelf, now), *_cases(users, shelf, now), *_history(users, shelf, now, history)]
    stages = applications(reviewer=users["meng-ping"], draft=users["jiang-he"], now=now)
    timeline.play([*(scene.steps for scene in scenes), *stages, *troubles(users, products, now=now)], until=now)
    Notice.objects.filter(created_at__lt=now - timedelta(days=2)).update(read_at=now)
    return len(scenes)


class _Shelf:
    """Hands out variants with enough stock, always in the same order, from the stores that the guide points to."""

    def __init__(self, products: Mapping[str, Product]) -> None:
        stores = PROMINENT
        rows = [
            (product.store.slug, variant.pk)
            for product in products.values()
            for variant in product.variants.order_by("position")
            if variant.stock > 8 and product.store.slug in stores and product.kind == Kind.PHYSICAL
        ]
        self.codes = [
            variant
            for slug in CODES
            for variant in products[slug].variants.select_related("product__store").order_by("position")
        ]
        self.by_store = {store: [pk for slug, pk in rows if slug == store] for store in stores}
        self.turns = itertools.cycle(stores)
        self.next = 0

    def take(self, store: str = "") -> Variant:
        """The next variant of a store, or of the store whose turn it is."""
        row = self.by_store[store or next(self.turns)]
        self.next += 1
        return Variant.objects.select_related("product__store").get(pk=row[self.next * 7 % len(row)])


def _states(users: Users, shelf: _Shelf, now: datetime) -> list[Player]:
    """One order in each state, most of them Lin Xiao's, some Maya Reed's."""
    lin, maya = users["lin-xiao"], users["maya-reed"]

    def ago(buyer: User, hours: float) -> Player:
        return Player(buyer=buyer, now=now - timedelta(hours=hours))

    software, family, ebook, course = shelf.codes
    return [
        ago(lin, 24 * 12).place(ebook).pay().reveal().confirm(after=3),
        ago(lin, 24 * 6).place(course).pay().claim(want=Remedy.REFUND, text="买错了，还没有打开。", after=2).accept(),
        ago(lin, 30).place(software).pay(),
        ago(lin, 5).place(ebook, quantity=2).pay().reveal(pieces=1, after=1),
        ago(maya, 20).place(software).pay().reveal(after=2),
        ago(maya, 0.15).place(family).pay(after=0.02),
        ago(lin, 0.08).place(course),
        ago(lin, 24 * 20).place(shelf.take(), coupon=True).pay().ship().travel().confirm(),
        ago(maya, 24 * 19).place(shelf.take()).pay().ship().travel().confirm(),
        ago(lin, 24 * 16).place(shelf.take()).pay().ship().travel(),
        ago(lin, 24 * 9).place(shelf.take(), coupon=True).pay().cancel(by_merchant=True, after=9),
        ago(lin, 24 * 8).place(shelf.take()).pay(),
        ago(maya, 72).place(shelf.take(), coupon=True),
        ago(lin, 24 * 7).place(shelf.take()).pay().ship().travel(signed="other"),
        ago(lin, 24 * 4).place(shelf.take(), quantity=2, coupon=True).pay().ship().travel(),
        ago(maya, 24 * 4).place(shelf.take()).pay().ship().travel(),
        ago(lin, 60).place(shelf.take()).pay().ship().scan("picked_up").scan("in_transit").scan("lose", after=24),
        ago(lin, 58)
        .place(shelf.take())
        .pay()
        .ship()
        .scan("picked_up")
        .scan("arrived_city", after=16)
        .scan("awaiting_collection", after=9),
        ago(lin, 52).place(shelf.take()).pay(),
        ago(lin, 40)
        .place(shelf.take())
        .pay()
        .ship()
        .scan("picked_up")
        .scan("arrived_city", after=14)
        .scan("out_for_delivery", after=10),
        ago(lin, 30).place(shelf.take()).pay().ship().scan("picked_up").scan("in_transit"),
        ago(maya, 28).place(shelf.take()).pay().ship().scan("picked_up").scan("delay", after=12),
        ago(lin, 9).place(shelf.take()).pay().ship(after=5),
        ago(lin, 3).place(shelf.take(), coupon=True).pay(),
        ago(maya, 2).place(shelf.take()).pay(),
        ago(lin, 0.2).place(shelf.take()).pay("wrong_amount", minor=100),
        ago(lin, 0.1).place(shelf.take()),
    ]


def _cases(users: Users, shelf: _Shelf, now: datetime) -> list[Player]:
    """One case in each stage."""
    lin, maya, zhao = users["lin-xiao"], users["maya-reed"], users["zhao-tian"]
    meng, june = users["meng-ping"], users["june-hart"]

    def delivered(buyer: User, days: float) -> Player:
        player = Player(buyer=buyer, now=now - timedelta(days=days)).place(shelf.take(POTTERY)).pay()
        return player.ship(photos=True).travel()

    def broken(buyer: User, days: float, want: str = Remedy.REFUND, amount: int | None = None) -> Player:
        text = (
            "收到时已经裂了一道口子，和页面描述的不一样。"
            if buyer != maya
            else "It arrived cracked; the page says perfect condition."
        )
        return delivered(buyer, days).claim(want=want, text=text, amount=amount, photo="broken")

    def mediation(buyer: User, days: float) -> Player:
        return (
            broken(buyer, days)
            .refuse("出库时完好，有打包照片和称重为证。")
            .escalate("打包照片看不到杯口，请平台看我的照片。")
        )

    return [
        broken(zhao, 12, Remedy.PARTIAL, 2_000).accept(),
        mediation(zhao, 11).take(meng).rule(
            meng, percent=37, fault=Party.MERCHANT, article="3.2",
            reasons="照片显示裂痕在杯口，打包照片未拍到该处；杯子仍可使用，按价值减损退还 37%。",
        ),
        broken(lin, 10).refuse("请看页面第二张图，这是手工痕迹。").withdraw(),
        broken(lin, 6, Remedy.RETURN).accept().send_back(),
        broken(zhao, 5.5, Remedy.RETURN).accept(),
        broken(lin, 3.5, Remedy.RESEND).accept(),
        mediation(zhao, 5).take(june),
        mediation(lin, 4.5),
        broken(maya, 4).offer(Remedy.PARTIAL, 1_500, "Keep it and take ¥15 back?"),
        broken(zhao, 4).refuse("这是釉面自然开片，页面有说明。"),
        broken(maya, 3.2),
        Player(buyer=zhao, now=now - timedelta(hours=14)).place(shelf.codes[0]).pay().reveal(after=1).claim(
            want=Remedy.REFUND, text="打开以后软件提示激活码已被使用。", after=2
        ),
        delivered(lin, 3).claim(
            want=Remedy.REFUND, text="物流显示签收，但我没有收到，家里也没有人签收。", ground=Ground.NOT_RECEIVED
        ),
    ]  # fmt: skip


def _history(users: Users, shelf: _Shelf, now: datetime, count: int) -> list[Player]:
    """Finished business of the last ninety days, so that stores have numbers to show."""
    dice = random.Random(20_261_122)
    buyers = [users["lin-xiao"], users["maya-reed"], users["zhao-tian"]]

    def deal(place: int) -> Player:
        days = HISTORY_DAYS - place * (HISTORY_DAYS - 22) / max(count, 1)
        buyer, wait = buyers[place % 3], dice.uniform(2, 30)
        player = Player(buyer=buyer, now=now - timedelta(days=days))
        return player.place(shelf.take(), coupon=place % 2 == 0).pay().ship(after=wait).travel().confirm(after=wait)

    return [deal(place) for place in range(count)]
