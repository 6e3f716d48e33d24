"""The demo's deals: one order in each state, one case in each stage, and three months of finished business."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from accounts.models import Notice, User
from core import clock
from demo.people import MERCHANTS
from demo.seeding.player import Player, follow
from disputes.states import Ground, Party, Remedy
from shop.models import Product, Variant

HISTORY_DAYS = 90
POTTERY = "qingtao"  # its cups can arrive broken, as the pictures of the cases show
Users = Mapping[str, User]
Pick = Callable[[str], Variant]


def play_all(users: Users, products: Mapping[str, Product], *, now: datetime, history: int = 8) -> int:
    """Play everything, oldest first, and let the effects of each step follow at its time; give the number of deals."""
    shelf = _Shelf(products)
    scenes = [*_states(users, shelf, now), *_cases(users, shelf, now), *_history(users, shelf, now, history)]
    for scene in scenes:
        player = scene()
        with clock.at(player.now):
            follow()
    Notice.objects.filter(created_at__lt=now - timedelta(days=2)).update(read_at=now)
    return len(scenes)


class _Shelf:
    """Hands out variants with enough stock, always in the same order, from the stores that the guide points to."""

    def __init__(self, products: Mapping[str, Product]) -> None:
        stores = [person.store for person in MERCHANTS if person.prominent]
        rows = [
            (product.store.slug, variant.pk)
            for product in products.values()
            for variant in product.variants.order_by("position")
            if variant.stock > 8 and product.store.slug in stores
        ]
        self.by_store = {store: [pk for slug, pk in rows if slug == store] for store in stores}
        self.turns = itertools.cycle(stores)
        self.next = 0

    def take(self, store: str = "") -> Variant:
        """The next variant of a store, or of the store whose turn it is."""
        row = self.by_store[store or next(self.turns)]
        self.next += 1
        return Variant.objects.select_related("product__store").get(pk=row[self.next * 7 % len(row)])


def _states(users: Users, shelf: _Shelf, now: datetime) -> list[Callable[[], Player]]:
    """One order in each state, most of them Lin Xiao's, some Maya Reed's."""
    lin, maya = users["lin-xiao"], users["maya-reed"]

    def ago(buyer: User, hours: float) -> Player:
        return Player(buyer=buyer, now=now - timedelta(hours=hours))

    return [
        lambda: ago(lin, 24 * 20).place(shelf.take()).pay().ship().travel().confirm(),
        lambda: ago(maya, 24 * 19).place(shelf.take()).pay().ship().travel().confirm(),
        lambda: _released_by_clock(ago(lin, 24 * 16).place(shelf.take()).pay().ship().travel()),
        lambda: ago(lin, 24 * 9).place(shelf.take()).pay().cancel(by_merchant=True, after=9),
        lambda: ago(lin, 24 * 8).place(shelf.take()).pay().wait(after=169),
        lambda: ago(maya, 72).place(shelf.take()).wait(after=1),
        lambda: ago(lin, 24 * 7).place(shelf.take()).pay().ship().travel(signed="other"),
        lambda: ago(lin, 24 * 4).place(shelf.take(), quantity=2).pay().ship().travel(),
        lambda: ago(maya, 24 * 4).place(shelf.take()).pay().ship().travel(),
        lambda: (
            ago(lin, 60).place(shelf.take()).pay().ship().scan("picked_up").scan("in_transit").scan("lose", after=24)
        ),
        lambda: (
            ago(lin, 58)
            .place(shelf.take())
            .pay()
            .ship()
            .scan("picked_up")
            .scan("arrived_city", after=16)
            .scan("awaiting_collection", after=9)
        ),
        lambda: ago(lin, 52).place(shelf.take()).pay(),
        lambda: (
            ago(lin, 40)
            .place(shelf.take())
            .pay()
            .ship()
            .scan("picked_up")
            .scan("arrived_city", after=14)
            .scan("out_for_delivery", after=10)
        ),
        lambda: ago(lin, 30).place(shelf.take()).pay().ship().scan("picked_up").scan("in_transit"),
        lambda: ago(maya, 28).place(shelf.take()).pay().ship().scan("picked_up").scan("delay", after=12),
        lambda: ago(lin, 9).place(shelf.take()).pay().ship(after=5),
        lambda: ago(lin, 3).place(shelf.take()).pay(),
        lambda: ago(maya, 2).place(shelf.take()).pay(),
        lambda: ago(lin, 0.2).place(shelf.take()).pay("wrong_amount", minor=100),
        lambda: ago(lin, 0.1).place(shelf.take()),
    ]


def _released_by_clock(player: Player) -> Player:
    """The inspection time passes: two warnings, then the release, each at its own moment."""
    for hours in (24 * 6, 24, 24, 24, 2):
        player.wait(after=hours)
    return player


def _cases(users: Users, shelf: _Shelf, now: datetime) -> list[Callable[[], Player]]:
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
        lambda: broken(zhao, 12, Remedy.PARTIAL, 2_000).accept(),
        lambda: mediation(zhao, 11).take(meng).rule(
            meng, percent=37, fault=Party.MERCHANT, article="3.2",
            reasons="照片显示裂痕在杯口，打包照片未拍到该处；杯子仍可使用，按价值减损退还 37%。",
        ),
        lambda: broken(lin, 10).refuse("请看页面第二张图，这是手工痕迹。").withdraw(),
        lambda: broken(lin, 6, Remedy.RETURN).accept().send_back(),
        lambda: broken(zhao, 5.5, Remedy.RETURN).accept(),
        lambda: broken(lin, 5, Remedy.RESEND).accept(),
        lambda: mediation(zhao, 5).take(june),
        lambda: mediation(lin, 4.5),
        lambda: broken(maya, 4).offer(Remedy.PARTIAL, 1_500, "Keep it and take ¥15 back?"),
        lambda: broken(zhao, 4).refuse("这是釉面自然开片，页面有说明。"),
        lambda: broken(maya, 3.2),
        lambda: delivered(lin, 3).claim(
            want=Remedy.REFUND, text="物流显示签收，但我没有收到，家里也没有人签收。", ground=Ground.NOT_RECEIVED
        ),
    ]  # fmt: skip


def _history(users: Users, shelf: _Shelf, now: datetime, count: int) -> list[Callable[[], Player]]:
    """Finished business of the last ninety days, so that stores have numbers to show."""
    dice = random.Random(20_261_122)
    buyers = [users["lin-xiao"], users["maya-reed"], users["zhao-tian"]]

    def deal(place: int) -> Callable[[], Player]:
        days = HISTORY_DAYS - place * (HISTORY_DAYS - 22) / max(count, 1)
        buyer, wait = buyers[place % 3], dice.uniform(2, 30)

        def play() -> Player:
            player = Player(buyer=buyer, now=now - timedelta(days=days))
            return player.place(shelf.take()).pay().ship(after=wait).travel().confirm(after=wait)

        return play

    return [deal(place) for place in range(count)]
