"""What the demo's platform has announced: a warning for everybody, and what a carrier changes for merchants."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from accounts.models import Announcement, User
from accounts.services import announcements
from accounts.services.announcements import Words
from core import clock
from core.actor import Actor

_Kind, _Audience, _Importance = Announcement.Kind, Announcement.Audience, Announcement.Importance
COURIERS = Words(
    kind=_Kind.SAFETY, audience=_Audience.EVERYONE, importance=_Importance.IMPORTANT,
    title_zh="有人冒充快递员索要验证码，请勿告知任何人",
    title_en="False couriers are asking for codes: tell yours to nobody",
    text_zh="近日有人自称快递员，说包裹丢失、可以加倍赔偿，然后索要手机收到的六位验证码。\n\n"
            "赔偿只会出现在你的订单页面上，不需要任何验证码。把验证码告诉对方，就是让对方登录你的账户。\n\n"
            "如果已经告诉了对方：立即打开“账户安全”，结束所有登录，并报告账户被盗。",
    text_en="Callers who say they are couriers speak of a lost parcel and a double refund, and then ask for the six"
            " digits that were sent to your phone.\n\n"
            "Refunds stand on the page of your order and need no code. Whoever has the code is signed in as you.\n\n"
            "If you have given it away: open “Safety”, end all sessions, and report that your account was taken.",
)  # fmt: skip
CARRIERS = Words(
    kind=_Kind.CARRIER, audience=_Audience.MERCHANTS, importance=_Importance.NORMAL,
    title_zh="元旦三天快递揽收减少：请提前发货，发货时限不变",
    title_en="Fewer pick-ups over the three days of New Year: ship early, the time to ship stays the same",
    text_zh="1 月 1 日至 3 日，多数快递公司减少揽收，偏远地区停收。\n\n"
            "发货时限照常计算。赶不上的订单，可以在订单页面给买家延长时间，或者与买家商量取消。",
    text_en="From 1 to 3 January most carriers pick up less, and nothing in remote districts.\n\n"
            "The time to ship runs as always. Where it will not do, give the buyer more time on the order's page, or"
            " agree with him to cancel.",
)  # fmt: skip
PLAN = ((COURIERS, timedelta(days=6)), (CARRIERS, timedelta(days=2)))


def seed_announcements(users: Mapping[str, User], *, now: datetime) -> None:
    """Publish both in the days before the demo is looked at."""
    staff = next(user for user in users.values() if user.is_mediator)
    actor = Actor(user_id=staff.pk, is_mediator=True)
    for words, ago in PLAN:
        with clock.at(now - ago):
            row = announcements.write(words=words, actor=actor, now=clock.now())
            announcements.publish(announcement_id=row.pk, actor=actor, now=clock.now())
