"""Made-up inputs for the style guide: one of each state, nothing from the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.templatetags.static import static

from core.money import Money

Sample = dict[str, Any]


class SampleForm(forms.Form):
    """One field of each kind."""

    title = forms.CharField(label="Title", max_length=40, help_text="What a buyer reads first; at most 40 letters.")
    price = forms.DecimalField(label="Price in yuan", min_value=1)
    carrier = forms.ChoiceField(label="Carrier", choices=[("sf", "SF Express"), ("jd", "JD Logistics")])
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    fragile = forms.BooleanField(label="Fragile: more padding, no drop-off lockers", required=False)
    ground = forms.ChoiceField(
        label="What happened", widget=forms.RadioSelect, choices=[("a", "Not received"), ("b", "Not as described")]
    )


class SamplePhotos(forms.Form):
    photos = forms.FileField(label="Pack photos", help_text="Up to 6 pictures, 10 MB each.", required=False)


class SampleFilter(forms.Form):
    q = forms.CharField(label="Order, tracking or phone", required=False)
    status = forms.ChoiceField(label="Status", choices=[("", "All"), ("ship", "To ship")], required=False)
    above = forms.DecimalField(label="Amount from", required=False)


def sentences(now: datetime) -> list[Sample]:
    """The money panel in each of its tones."""
    soon, later = now + timedelta(hours=5, minutes=12), now + timedelta(days=2, hours=3)
    sum_ = Money(12_800)
    pay = [{"label": "Pay ¥128.00", "url": "#", "method": "get", "primary": True}]
    take = [
        {"label": "Confirm receipt, pay the merchant ¥128.00", "url": "#", "method": "get", "primary": True},
        {"label": "Something is wrong", "url": "#", "method": "get"},
    ]
    return [
        {
            "tone": "wait",
            "text": f"Pay {sum_} by the time below; then the order is cancelled.",
            "acts": pay,
            "clock": {"due_at": now + timedelta(minutes=24)},
        },
        {
            "tone": "safe",
            "text": f"{sum_} is held. If not shipped in time, it returns to you.",
            "clock": {"due_at": later},
        },
        {
            "tone": "wait",
            "text": f"{sum_} is held; released to the merchant unless you object.",
            "acts": take,
            "clock": {"due_at": soon},
        },
        {
            "tone": "frozen",
            "text": f"{sum_} is frozen while we decide; the money does not move.",
            "clock": {"due_at": later, "paused": True, "reason": "waiting for the buyer's photos"},
        },
        {"tone": "danger", "text": "The amount received differs from the order. It is set aside."},
        {"tone": "done", "text": f"{sum_} was released to the merchant."},
    ]


def deal(now: datetime) -> Sample:
    """Steps, parcel events and account lines of one order."""
    hour = timedelta(hours=1)
    return {
        "steps": [
            {"label": "Paid", "at": now - 60 * hour, "state": "done"},
            {"label": "Held", "at": now - 60 * hour, "state": "done"},
            {"label": "Shipped", "at": now - 40 * hour, "state": "done"},
            {"label": "Delivered", "at": None, "state": "now"},
            {"label": "Released", "at": None, "state": "todo"},
        ],
        "failed_steps": [
            {"label": "Paid", "at": now - 90 * hour, "state": "done"},
            {"label": "Held", "at": now - 90 * hour, "state": "done"},
            {"label": "Never shipped", "at": now - 2 * hour, "state": "stopped"},
        ],
        "events": [
            {"at": now - 2 * hour, "word": "Out for delivery", "text": "Courier 138****0001", "place": "Hangzhou"},
            {"at": now - 20 * hour, "word": "In transit", "text": "Left the sorting centre", "place": "Shanghai"},
            {"at": now - 40 * hour, "word": "Picked up", "text": "2 kg, 1 parcel"},
        ],
        "lines": [
            {
                "at": now - 60 * hour,
                "label": "Paid into custody",
                "reference": "P-7F3A",
                "amount": Money(12_800),
                "balance": Money(12_800),
            },
            {
                "at": now - 2 * hour,
                "label": "Part refunded",
                "reference": "R-19C2",
                "amount": Money(-2_000),
                "balance": Money(10_800),
            },
        ],
    }


def listing(now: datetime) -> Sample:
    """Cards, rows, tabs and pages."""
    titles = (
        "Thermos bottle, 500 ml, steel",
        "Longjing tea, spring harvest, 250 g tin, a very long name that wraps",
        "Wool scarf",
        "Game card, 100 points, delivered in seconds",
    )
    cards = [
        {
            "url": "#",
            "title": title,
            "price": Money(5_900 + 4_321 * n),
            "store": "Hillside Goods",
            "rating": "4.8",
            "sold": 120 * n,
            "ships": "18 h to ship",
        }
        for n, title in enumerate(titles)
    ]
    row = {
        "number": "T2412030001",
        "url": "#",
        "placed_at": now - timedelta(days=2),
        "party": "Hillside Goods",
        "status": "Held",
        "tone": "safe",
        "title": titles[1],
        "more": 2,
        "amount": Money(128_000),
        "sentence": "¥1,280.00 is held. If not shipped in time, it returns to you.",
        "clock": {"due_at": now + timedelta(hours=30)},
    }
    turn = {"label": "Confirm receipt", "url": "#", "method": "get", "primary": True}
    page: Page[int] = Paginator(range(400), 20).page(7)
    return {
        "cards": cards,
        "rows": [row, {**row, "number": "T2412030002", "status": "Your turn", "tone": "wait", "more": 0, "act": turn}],
        "tabs": [
            {"label": "To pay", "url": "#", "count": 2, "urgent": True},
            {"label": "To ship", "url": "#", "count": 5},
            {"label": "To receive", "url": "#", "current": True},
            {"label": "After-sale", "url": "#", "count": 1},
            {"label": "All", "url": "#"},
        ],
        "page": page,
        "photos_of": [{"url": static("icons/favicon.svg"), "alt": f"Sample {n}"} for n in range(1, 4)],
        "table": {
            "heads": ["Carrier", "On time", "Price"],
            "rows": [["SF Express", "97 %", "¥12.00"]],
            "numeric": [2, 3],
        },
    }


def office(now: datetime) -> Sample:
    """Numbers, offers, evidence, addresses and messages."""
    offer = {
        "party": "Merchant",
        "remedy": "Part refund",
        "amount": Money(3_000),
        "text": "The lid is dented.",
        "at": now,
        "state": "Waiting for you",
        "tone": "wait",
        "open": True,
    }
    return {
        "tiles": [
            {"label": "Held", "amount": Money(845_000), "note": "31 orders", "url": "#"},
            {"label": "Frozen", "amount": Money(12_800), "note": "1 case", "url": "#", "tone": "frozen", "op": "+"},
            {"label": "Arriving", "amount": Money(64_050), "note": "by Fri", "url": "#", "op": "+"},
            {"label": "Available", "amount": Money(120_000), "url": "#", "tone": "safe", "op": "+"},
            {"label": "Together", "amount": Money(1_041_850), "op": "=", "sum": True},
        ],
        "offers": [offer, {**offer, "party": "Buyer", "state": "Refused", "tone": "quiet", "open": False}],
        "evidence": [
            {"url": "#", "shows": "Lid dented on arrival", "party": "Buyer", "source": "claimed", "at": now},
            {"shows": "Signed by the recipient", "party": "Carrier", "source": "observed", "at": now},
        ],
        "address": {
            "name": "Lin Wei",
            "phone": "+8613800001234",
            "province": "Zhejiang",
            "city": "Hangzhou",
            "district": "Xihu",
            "street": "1 Longjing Road",
            "is_default": True,
        },
        "notices": [
            {"subject": "Your parcel is out for delivery", "body": "Courier 138****0001", "url": "#", "at": now},
            {"subject": "¥128.00 was released", "url": "#", "at": now - timedelta(days=1), "read": True},
        ],
        "split": {"back": Money(4_736), "keep": Money(8_064), "total": Money(12_800), "percent": 37},
    }


def samples(*, now: datetime) -> Sample:
    """Everything the style guide shows."""
    return {
        "sentences": sentences(now),
        **deal(now),
        **listing(now),
        **office(now),
        "form": SampleForm(),
        "bad_form": SampleForm({"title": "", "price": "-1", "carrier": "sf"}, prefix="bad"),
        "photos": SamplePhotos(),
        "filters": SampleFilter(),
        "prices": [Money(128_000), Money(5), Money(-2_000), Money(1_280, "JPY"), Money(9_999, "USD")],
        "soon": now + timedelta(minutes=40),
        "past": now - timedelta(hours=3),
    }
