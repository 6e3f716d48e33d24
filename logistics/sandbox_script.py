"""What can happen to a parcel of the sandbox carrier, and how it words it: Chinese for the wire, English beside it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.regions.english import town_in_english

SIGNERS = ("recipient", "other", "locker")

# event → (code, text, English text, where); {city} is the recipient's
_LINES: dict[str, tuple[str, str, str, str]] = {
    "picked_up": ("picked_up", "快递员已揽收快件", "The courier has picked up the parcel.", "origin"),
    "in_transit": ("in_transit", "快件已从转运中心发出", "The parcel has left the sorting hub.", "hub"),
    "arrived_city": (
        "in_transit.arrived_city", "快件已到达【{city}】网点", "The parcel has reached the outlet in {city}.", "city",
    ),
    "out_for_delivery": (
        "out_for_delivery", "快递员正在派送，请保持电话畅通", "Out for delivery; the courier may call.", "city",
    ),
    "awaiting_collection": (
        "awaiting_collection", "快件已到达取件点，请凭取件码取件", "Waiting at the pick-up point.", "city",
    ),
    "collected": (
        "delivered.collected", "已签收，收件人凭取件码取件", "Collected by the recipient with the code.", "city",
    ),
    "failed": ("failed", "派送未成功：收件人不在", "Delivery attempt failed: nobody at home.", "city"),
    "delay": ("exception.delay", "因天气原因，预计推迟两天", "Delayed by weather, about two days.", "hub"),
    "lose": ("lost", "快件遗失，已登记理赔", "The parcel is lost; a claim is filed.", "hub"),
    "damage": ("exception.damaged", "快件外包装破损，已登记", "The parcel is damaged; noted.", "hub"),
    "refused": ("exception.refused", "收件人拒收", "The recipient refused the parcel.", "city"),
    "return": ("returning", "快件开始退回寄件人", "The parcel is on its way back to the sender.", "city"),
    "returned": ("returned", "退回件已由寄件人签收", "The parcel is back with the sender.", "origin"),
}  # fmt: skip
_PLACES = {"origin": ("始发网点", "Origin outlet"), "hub": ("转运中心", "Sorting hub"), "city": ("{city}", "{city}")}
_DELIVERED: dict[str, tuple[str, str, str]] = {
    "recipient": ("delivered.recipient", "已签收，签收人：本人", "Delivered; signed by the recipient."),
    "other": ("delivered.other", "已签收，由门卫代收", "Delivered; taken in by the doorkeeper."),
    "locker": ("delivered.locker", "已签收，放入快递柜", "Delivered into a parcel locker."),
    "": ("delivered", "快件已签收", "Delivered."),
}

LABELS = {
    "picked_up": _("Picked up"),
    "in_transit": _("Left the hub"),
    "arrived_city": _("Reached the city"),
    "out_for_delivery": _("Out for delivery"),
    "delivered": _("Delivered"),
    "awaiting_collection": _("At the pick-up point"),
    "collected": _("Collected with the code"),
    "failed": _("Delivery attempt failed"),
    "delay": _("Delayed by weather"),
    "lose": _("Lost"),
    "damage": _("Damaged"),
    "refused": _("Refused by the recipient"),
    "return": _("Turned back"),
    "returned": _("Back with the sender"),
}
EVENTS = tuple(LABELS)
_STRAIGHT = ("picked_up", "in_transit", "in_transit.arrived_city", "out_for_delivery", "delivered")
_EVENT_OF = {"in_transit.arrived_city": "arrived_city"}


def line_of(event: str, *, signed: str, city: str, seed: int, today: date) -> dict[str, Any]:
    """One line of the history without its time, with what else becomes known at that moment."""
    where, where_en = city or "目的地", town_in_english(city) or "the city of destination"
    if event == "delivered":
        code, text, text_en = _DELIVERED[signed]
        spot = "city"
    else:
        code, text, text_en, spot = _LINES[event]
    place, place_en = _PLACES[spot]
    line: dict[str, Any] = {
        "code": code, "text": text.format(city=where), "text_en": text_en.format(city=where_en),
        "place": place.format(city=where), "place_en": place_en.format(city=where_en),
    }  # fmt: skip
    if event == "out_for_delivery":
        line["courier"] = {"name": "小李", "phone": f"1300000{seed % 10_000:04d}"}
    elif event == "awaiting_collection":
        code = f"{seed % 9 + 1}-{seed // 9 % 9 + 1}-{seed % 10_000:04d}"
        line["pickup"] = {"place": "踏实驿站（小区东门）", "code": code}
    elif event == "delay":
        line["eta"] = {"from": (today + timedelta(days=2)).isoformat(), "to": (today + timedelta(days=4)).isoformat()}
    elif event == "delivered" and signed == "other":
        line["signed_by"] = "门卫"
    return line


def next_of(codes: list[str]) -> str:
    """The next step of an untroubled journey; empty once the parcel has arrived or turned back."""
    if any(code.startswith(("delivered", "returned", "lost")) for code in codes):
        return ""
    if codes and codes[-1] == "returning":
        return "returned"
    if codes and codes[-1] == "awaiting_collection":
        return "collected"
    reached = [_STRAIGHT.index(code) for code in codes if code in _STRAIGHT]
    step = _STRAIGHT[max(reached, default=-1) + 1]
    return _EVENT_OF.get(step, step)
