"""Taking in what a carrier says of a parcel."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest

from core.models import AuditEntry
from core.sealed import Sealed
from logistics.models import TrackingEvent
from logistics.queries import delivered_whole
from logistics.services import tracking
from logistics.states import ShipmentStatus
from tests.factories.logistics import ShipmentFactory, scan, snapshot
from tests.logistics.conftest import NOW, PAID_AT, make_order

S = ShipmentStatus


def receive(shipment, *scans, now=NOW + timedelta(days=2), paid_at=PAID_AT, **details):
    return tracking.receive(
        shipment_id=shipment.pk,
        snapshot=snapshot(shipment.number, scans, **details),
        provider="test",
        paid_at=paid_at,
        now=now,
    )


def at(hours: float):
    return NOW + timedelta(hours=hours)


HAPPY = (
    scan(S.PICKED_UP, at(1)),
    scan(S.IN_TRANSIT, at(10)),
    scan(S.OUT_FOR_DELIVERY, at(20)),
    scan(S.DELIVERED, at(24), grade="B"),
)


def row(shipment) -> tuple:
    shipment.refresh_from_db()
    return (
        shipment.status, shipment.grade, shipment.first_scan_at, shipment.last_scan_at, shipment.delivered_at,
        shipment.eta_from, shipment.eta_to, shipment.flags,
    )  # fmt: skip


def test_the_first_scan_is_the_shipping(shipment):
    progress = receive(shipment, HAPPY[0])
    assert progress.first_scan_at == at(1)
    assert (progress.old_status, progress.status, progress.messages) == (S.CREATED, S.PICKED_UP, ["shipped"])
    assert (shipment.order.status, progress.delivered_at) == ("paid", None), "the order is the flow's business"
    again = receive(shipment, HAPPY[1])
    assert again.first_scan_at is None


def test_a_whole_history_at_once(shipment):
    progress = receive(shipment, *HAPPY)
    assert (progress.status, progress.grade, progress.delivered_at) == (S.DELIVERED, "B", at(24))
    assert progress.messages == ["shipped", "out_for_delivery", "delivered"]
    assert progress.new_events == 4


def test_the_move_is_audited_in_the_story_of_the_order(shipment):
    receive(shipment, HAPPY[0])
    entry = AuditEntry.objects.get(act="shipment.picked_up")
    assert (entry.order_id, entry.reason) == (shipment.order_id, "test: picked_up")


def test_every_order_of_arrival_ends_the_same_and_sends_the_same(order, carrier):
    ends, told = set(), set()
    for arrival in itertools.permutations(HAPPY):
        shipment = ShipmentFactory(order=order, carrier=carrier, created_at=NOW)
        sent = [message for line in arrival for message in receive(shipment, line, now=at(26)).messages]
        ends.add(str(row(shipment)))
        told.add(tuple(sorted(sent)))
    assert len(ends) == 1
    assert told == {("delivered", "out_for_delivery", "shipped")}


def test_a_repeat_changes_nothing(shipment, django_assert_num_queries):
    receive(shipment, *HAPPY)
    before = row(shipment)
    with django_assert_num_queries(4):  # savepoint, lock and read, events, end of savepoint: no write
        progress = receive(shipment, *HAPPY)
    assert (progress.messages, progress.delivered_at, progress.first_scan_at, progress.new_events) == (
        [],
        None,
        None,
        0,
    )
    assert row(shipment) == before
    assert TrackingEvent.objects.count() == 4


def test_the_same_line_in_other_spacing_or_fraction_of_a_second_is_the_same_line(shipment):
    receive(shipment, scan(S.PICKED_UP, at(1), text="快件 已揽收"))
    receive(shipment, scan(S.PICKED_UP, at(1) + timedelta(milliseconds=300), text="  快件  已揽收 "))
    assert TrackingEvent.objects.count() == 1


def test_a_smaller_list_never_deletes(shipment):
    receive(shipment, *HAPPY[:3])
    receive(shipment, HAPPY[0])
    assert TrackingEvent.objects.count() == 3
    assert row(shipment)[0] == S.OUT_FOR_DELIVERY


def test_a_late_line_is_kept_and_flagged(shipment):
    receive(shipment, HAPPY[0], HAPPY[2])
    progress = receive(shipment, HAPPY[1])
    assert progress.status == S.OUT_FOR_DELIVERY
    assert TrackingEvent.objects.get(code="in_transit").flags == ["late"]


def test_a_scan_after_delivery_is_kept_and_flagged(shipment):
    receive(shipment, *HAPPY)
    progress = receive(shipment, scan(S.IN_TRANSIT, at(30), text="again"))
    assert (progress.status, progress.messages) == (S.DELIVERED, [])
    assert TrackingEvent.objects.get(text="again").flags == ["not_applied"]


def test_a_return_after_delivery_is_applied(shipment):
    receive(shipment, *HAPPY)
    progress = receive(shipment, scan(S.RETURNING, at(30)))
    assert (progress.status, progress.grade, progress.messages) == (S.RETURNING, "", ["returned"])


def test_a_borrowed_number_brings_nothing(shipment):
    """A parcel that was delivered to somebody before this order was paid."""
    old = [scan(S.PICKED_UP, PAID_AT - timedelta(days=2)), scan(S.DELIVERED, PAID_AT - timedelta(hours=1), grade="B")]
    progress = receive(shipment, *old)
    assert (progress.status, progress.messages, progress.delivered_at, progress.first_scan_at) == (
        S.CREATED,
        [],
        None,
        None,
    )
    assert {tuple(event.flags) for event in TrackingEvent.objects.all()} == {("before_payment",)}


def test_a_scan_in_the_second_of_the_payment_counts(shipment):
    paid_at = PAID_AT.replace(microsecond=700_000)
    assert receive(shipment, scan(S.PICKED_UP, PAID_AT), paid_at=paid_at).status == S.PICKED_UP


def test_a_delivery_in_another_city_starts_nothing(shipment):
    progress = receive(shipment, *HAPPY, destination_city="深圳市")
    assert (progress.status, progress.grade, progress.delivered_at) == (S.EXCEPTION, "", None)
    assert "exception" in progress.messages
    assert "delivered" not in progress.messages
    assert row(shipment)[-1] == ["city_mismatch"]


def test_another_city_learned_after_delivery_lowers_the_proof(shipment):
    receive(shipment, *HAPPY, destination_city="杭州市")
    progress = receive(shipment, destination_city="深圳市")
    assert (progress.status, progress.grade) == (S.DELIVERED, "D")
    assert row(shipment)[-1] == ["city_mismatch"]


def test_a_locker_holds(shipment):
    progress = receive(shipment, *HAPPY[:3], scan(S.AWAITING_COLLECTION, at(22), text="已由驿站代收"))
    assert (progress.status, progress.grade, progress.delivered_at) == (S.AWAITING_COLLECTION, "", None)
    assert progress.messages[-1] == "awaiting_collection"


def test_a_scan_from_the_future_is_clamped_and_flagged(shipment):
    now = at(2)
    receive(shipment, scan(S.PICKED_UP, at(900)), now=now)
    assert row(shipment)[2] == now
    assert TrackingEvent.objects.get().flags == ["future"]
    progress = receive(shipment, scan(S.IN_TRANSIT, at(5)), now=at(6))
    assert progress.status == S.IN_TRANSIT, "a clock that runs ahead must not freeze the story"


def test_old_news_is_no_news(shipment):
    progress = receive(shipment, *HAPPY, now=at(24) + timedelta(hours=49))
    assert progress.messages == []
    assert progress.delivered_at == at(24)


def test_an_unknown_code_is_kept_and_moves_nothing(shipment):
    receive(shipment, HAPPY[0])
    progress = receive(shipment, scan(S.UNKNOWN, at(3), code="zz9", known=False, raw={"code": "zz9"}))
    assert (progress.status, progress.messages) == (S.PICKED_UP, [])
    event = TrackingEvent.objects.get(code="zz9")
    assert (event.flags, event.raw) == (["unknown_code"], {"code": "zz9"})


def test_an_unknown_code_never_ends_a_journey(shipment):
    receive(shipment, HAPPY[0])
    for status in (S.DELIVERED, S.RETURNED, S.LOST, S.CANCELLED):
        line = scan(status, at(3), code=f"{status}.new", known=False)
        assert receive(shipment, line).status == S.PICKED_UP


def test_a_better_proof_raises_the_grade_and_keeps_the_time(shipment):
    receive(shipment, *HAPPY[:3], scan(S.DELIVERED, at(24), grade="D"))
    progress = receive(shipment, scan(S.DELIVERED, at(26), grade="B"))
    assert (progress.old_grade, progress.grade, progress.delivered_at) == ("D", "B", None)
    assert row(shipment)[4] == at(24)


def test_lost_and_found_is_applied_and_flagged(shipment):
    receive(shipment, HAPPY[0], scan(S.LOST, at(3)))
    progress = receive(shipment, HAPPY[1])
    assert progress.status == S.IN_TRANSIT
    assert row(shipment)[-1] == ["found_after_lost"]


def test_the_pickup_code_is_sealed_and_blacked_out_of_every_text(shipment):
    line = scan(
        S.AWAITING_COLLECTION, at(22), text="取件码 3-2-1001", raw={"text": "取件码 3-2-1001", "more": ["3-2-1001"]}
    )
    receive(shipment, line, pickup_code="3-2-1001", pickup_place="小区东门")
    shipment.refresh_from_db()
    assert isinstance(shipment.pickup_code, Sealed)
    assert shipment.pickup_code.open() == "3-2-1001"
    event = TrackingEvent.objects.get()
    assert "1001" not in f"{event.text}{event.raw}"
    assert receive(shipment, line, pickup_code="3-2-1001").new_events == 0


def test_hostile_text_is_cut_and_cleaned(shipment):
    nasty = "\x00\ud800<script>alert(1)</script>" + "长" * 5000
    progress = receive(shipment, scan(S.PICKED_UP, at(1), text=nasty, place=nasty, raw={"a\x00": nasty, "n": 1e400}))
    event = TrackingEvent.objects.get()
    assert progress.status == S.PICKED_UP
    assert "\x00" not in event.text
    assert len(event.text) == 500
    assert len(event.place) == 80


def test_eta_counts_from_the_first_scan_unless_the_carrier_says(shipment):
    receive(shipment, HAPPY[0])
    shipment.refresh_from_db()
    assert shipment.eta_to == date(2026, 10, 4)  # 11:00 UTC on the 1st is 19:00 in China; 72 h on
    assert shipment.eta_from == date(2026, 10, 3)
    said = {"eta_from": date(2026, 10, 5), "eta_to": date(2026, 10, 6)}
    receive(shipment, HAPPY[1], **said)
    shipment.refresh_from_db()
    assert (shipment.eta_from, shipment.eta_to) == (date(2026, 10, 5), date(2026, 10, 6))


@pytest.mark.parametrize("absurd", [date(2019, 1, 1), date(2031, 1, 1)])
def test_an_absurd_eta_of_the_carrier_is_not_shown(shipment, absurd):
    receive(shipment, HAPPY[0], eta_from=absurd, eta_to=absurd)
    shipment.refresh_from_db()
    assert shipment.eta_to == date(2026, 10, 4)


def test_the_courier_is_remembered(shipment):
    receive(shipment, HAPPY[2], courier_phone="13000001234")
    receive(shipment, HAPPY[3])
    shipment.refresh_from_db()
    assert shipment.courier_phone == "13000001234"


def test_silence_is_noticed_once_and_a_scan_ends_it(shipment):
    later = NOW + timedelta(hours=49)
    assert not tracking.newly_stalled(shipment, now=NOW + timedelta(hours=47))
    assert tracking.newly_stalled(shipment, now=later)
    shipment.refresh_from_db()
    assert not tracking.newly_stalled(shipment, now=later)
    receive(shipment, scan(S.PICKED_UP, later), now=later)
    shipment.refresh_from_db()
    assert shipment.stalled_at is None
    assert tracking.newly_stalled(shipment, now=later + timedelta(hours=49))


def test_an_outage_is_no_silence_of_the_parcel(shipment):
    shipment.poll_failures = 2
    assert not tracking.is_stalled(shipment, now=NOW + timedelta(days=9))


def test_a_parcel_at_the_pickup_point_does_not_stall(shipment):
    receive(shipment, scan(S.AWAITING_COLLECTION, at(1)))
    shipment.refresh_from_db()
    assert not tracking.is_stalled(shipment, now=NOW + timedelta(days=9))


def test_a_huge_history_is_bounded(shipment):
    lines = [scan(S.IN_TRANSIT, at(1) + timedelta(minutes=i)) for i in range(900)]
    receive(shipment, *lines)
    assert TrackingEvent.objects.count() == tracking.MAX_SCANS


def test_two_parcels_are_whole_when_the_last_has_arrived(order, carrier):
    first, second = (ShipmentFactory(order=order, carrier=carrier, created_at=NOW) for _ in range(2))
    receive(first, *HAPPY)
    assert delivered_whole(order.pk) is None
    receive(second, HAPPY[0], scan(S.DELIVERED, at(40)))
    assert delivered_whole(order.pk) == at(40)
    assert delivered_whole(make_order(number="T2").pk) is None
