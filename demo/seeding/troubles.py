"""What lies on the console besides deals: an account that may be taken, one to be given back, and two reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.urls import reverse

from accounts.models import User
from accounts.places import Seen
from accounts.services import incidents
from core.actor import Actor
from demo.people import CHINESE, ENGLISH
from demo.seeding.timeline import Step
from flows import recovery
from flows.recovery import Claim, OrderSaid
from shop.models import Order, Product, ReportGround
from shop.services import reports

CALLED = (
    "刚才有人打电话，自称平台客服，说店铺要重新认证，让我念了短信里的六位数字。挂断后想起平台不会要验证码。"
    "请帮我看看有没有别的设备登录过，打款先停一停。"
)
THREE_OF_FOUR = (
    "The page says a set of four bowls. Three came, and when I asked, the store said to pay the fourth by bank"
    " transfer, outside of the shop."
)
NO_MARK = "移动电源没有 3C 标志，外壳上的容量和页面写的也不一样。"
ELSEWHERE = Seen(ip="114.114.114.114", user_agent="Mozilla/5.0 (Linux; Android 15) Chrome/142.0 Mobile")


def troubles(users: Mapping[str, User], products: Mapping[str, Product], *, now: datetime) -> list[list[Step]]:
    """Each waits for staff; none of it stops what its people can try."""
    lost, called, buyer = users["zhao-tian"], users["gu-mian"], users["maya-reed"]

    def lose(at: datetime) -> None:
        order = Order.objects.filter(buyer=lost, paid_at__isnull=False).earliest("paid_at")
        said = OrderSaid(order.number, order.total_minor, order.address["name"])
        login, phone = str(lost.email), str(lost.phone)
        claim = Claim(login=login, contact="zhao.tian.new@example.com", earlier=phone, orders=[said])
        recovery.claim(said=claim, seen=ELSEWHERE, now=at)

    def tell(at: datetime) -> None:
        incidents.open_incident(user_id=called.pk, text=CALLED, actor=Actor(user_id=called.pk), now=at)

    def report_as_member(at: datetime) -> None:
        reports.report(
            link=_page(products["speckled-bowls"]), ground=ReportGround.OUTSIDE, text=THREE_OF_FOUR, email="",
            language=ENGLISH, actor=Actor(user_id=buyer.pk), now=at,
        )  # fmt: skip

    def report_as_visitor(at: datetime) -> None:
        reports.report(
            link=_page(products["slim-power-bank"]), ground=ReportGround.NO_LICENCE, text=NO_MARK,
            email="passer.by@example.com", language=CHINESE, actor=Actor(user_id=None), now=at,
        )  # fmt: skip

    return [
        [Step(now - recovery.WAIT - timedelta(hours=9), lose)],
        [Step(now - timedelta(hours=5), tell)],
        [Step(now - timedelta(hours=30), report_as_member), Step(now - timedelta(hours=3), report_as_visitor)],
    ]


def _page(product: Product) -> str:
    return reverse("shop:product", args=[product.pk])
