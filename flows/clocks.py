"""A deal's clocks: which deadlines an order has, and when each starts, stops and ends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from core import deadlines
from core.policies import Rules, rules_of
from logistics.states import EvidenceGrade
from shop.models import Order

# Clocks that may run for an order under subject "<order id>" or "<order id>:<hours>".
SUFFIXES = ("", ":6", ":24", ":48", ":72", ":168")


def inspection_suffixes(rules: Iterable[Rules]) -> list[str]:
    """Those of the suffixes that an order can have open once it is delivered: the release's own and its warnings'."""
    return ["", *sorted({f":{hours}" for rule in rules for hours in rule.release_warning_hours})]


def subjects_of(order_id: UUID) -> list[str]:
    name = str(order_id)
    return [name + suffix for suffix in SUFFIXES]


def clear(order_id: UUID) -> None:
    """The deal is over: nothing happens by itself any more."""
    deadlines.cancel_all(subjects=subjects_of(order_id))


def pause(order_id: UUID, *, reason: str) -> None:
    """A case is open or the parcel is going astray: all clocks of the order stand still."""
    deadlines.pause_all(subjects=subjects_of(order_id), reason=reason)


def resume(order_id: UUID, *, rules: Rules) -> None:
    """Clocks run on with the time they had left, the buyer keeping at least one warning's length."""
    deadlines.resume_all(subjects=subjects_of(order_id), at_least=timedelta(hours=rules.min_notice_hours))


def start_shipping(order: Order, *, now: datetime) -> None:
    """Paid: the merchant's time to ship begins."""
    rules = rules_of(order.policy_id)
    reminders = [hours for hours in rules.ship_reminder_hours if hours < rules.ship_by_hours]
    deadlines.schedule_all([
        *(("order.ship_reminder", f"{order.pk}:{hours}", now + timedelta(hours=hours)) for hours in reminders),
        ("order.ship_by", order.pk, now + rules.ship_by),
        ("order.never_shipped", order.pk, now + rules.hours("never_shipped_hours")),
    ])  # fmt: skip


def start_delivering(order: Order, *, now: datetime) -> None:
    """Paid, and the pool has no key for it: an alarm in minutes, the money back in an hour."""
    rules = rules_of(order.policy_id)
    deadlines.schedule_all([
        ("code.deliver_by", order.pk, now + rules.ship_by),
        ("order.never_shipped", order.pk, now + rules.hours("never_shipped_hours")),
    ])  # fmt: skip


TO_HAND_OVER = ("order.ship_reminder", "order.ship_by", "order.never_shipped", "code.deliver_by")


def stop_shipping(order_id: UUID) -> None:
    """The carrier has it, or the buyer his codes: the clocks of handing over have done their duty."""
    deadlines.cancel_all(subjects=subjects_of(order_id), kinds=TO_HAND_OVER)


def inspection_ends(*, rules: Rules, grade: str, delivered_at: datetime, first_scan_at: datetime | None) -> datetime:
    """When the money moves if nobody acts: by evidence class, never soon after the first scan."""
    strong = grade in (EvidenceGrade.A, EvidenceGrade.B, EvidenceGrade.C)
    hours = rules.inspection_hours if strong else rules.inspection_weak_hours
    end = delivered_at + timedelta(hours=hours)
    if first_scan_at is not None:
        end = max(end, first_scan_at + rules.hours("min_after_first_scan_hours"))
    return end


def start_inspection(order_id: UUID, *, rules: Rules, due_at: datetime) -> None:
    """Delivered: warnings first, then the release itself."""
    deadlines.cancel_all(subjects=subjects_of(order_id), kinds=("collect.reminder", "escrow.warn"))
    warnings = rules.release_warning_hours
    deadlines.schedule_all([
        *(("escrow.warn", f"{order_id}:{hours}", due_at - timedelta(hours=hours)) for hours in warnings),
        ("escrow.release", order_id, due_at),
    ])  # fmt: skip


def start_collection(order_id: UUID, *, rules: Rules, now: datetime) -> None:
    """At a pick-up point: the buyer is reminded, and a parcel nobody collects becomes a matter for staff."""
    waits = (*rules.collect_reminder_hours, rules.uncollected_case_hours)
    deadlines.schedule_all(
        [("collect.reminder", f"{order_id}:{hours}", now + timedelta(hours=hours)) for hours in waits]
    )
