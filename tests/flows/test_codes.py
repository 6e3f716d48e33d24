"""Codes: the payment delivers, the reveal starts the clock, and what was seen is never sold again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Notice, OutgoingMessage
from core import alarms, clock, deadlines
from core.errors import NotFound
from core.models import AuditEntry, Deadline
from core.money import Money
from disputes.states import Remedy
from escrow.errors import ChargebackOpen
from escrow.queries import books
from flows import aftersale, cancellation, codes, fulfilment, late_refunds, purchase, release
from flows.errors import AlreadyClosed, CaseIsOpen, NoCodeLeft, NothingToShip, ReasonNeeded
from shop.errors import NoSuchKey
from shop.models import CardKey, Order
from shop.services import code_pool
from tests.escrow.bank import deliver_notices
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.shop import StoreFactory
from tests.sandbox import act, pay_at_bank
from tests.stories import (
    actor_of,
    buyer_of,
    code_variant,
    fresh,
    hand_in,
    merchant_of,
    open_case,
    paid_order,
    placed_order,
    reveal,
    settle,
    wait,
)

pytestmark = [pytest.mark.django_db, pytest.mark.money]


def keys_of(order: Order) -> list[CardKey]:
    return list(CardKey.objects.filter(order_line__order=order, n__isnull=False).order_by("order_line_id", "n"))


def release_at(order: Order):
    return Deadline.objects.get(kind="escrow.release", subject=str(order.pk), done_at__isnull=True).due_at


def stock_of(variant) -> int:
    variant.refresh_from_db()
    return variant.stock


def balanced() -> bool:
    return books().discrepancies == []


def test_the_payment_delivers_in_its_own_transaction():
    variant = code_variant(keys=3)
    order = placed_order(variant=variant, quantity=2)
    assert (order.kind, order.address, stock_of(variant)) == ("code", {}, 1)
    assert keys_of(order) == []
    pay_at_bank(order.payment_id)  # and nothing else: no reaction, no sweep
    order = fresh(order)
    assert order.status == "delivered"
    assert order.hold.status == "held"
    assert order.delivered_at == order.paid_at
    assert [(key.n, key.status) for key in keys_of(order)] == [(1, "sold"), (2, "sold")]
    assert stock_of(variant) == 1
    assert release_at(order) == order.delivered_at + timedelta(days=3)
    kinds = Deadline.objects.filter(subject__startswith=str(order.pk), done_at__isnull=True).values_list(
        "kind", flat=True
    )
    assert sorted(kinds) == ["escrow.release", "escrow.warn"]
    assert balanced()


def test_a_delivery_that_is_asked_for_again_shows_the_same_key():
    """Bug 15, the redelivery: notice, return page, poll and reactions may all come twice."""
    order = paid_order(variant=code_variant(keys=5))
    before = [(key.pk, key.n) for key in keys_of(order)]
    for _ in range(3):
        purchase.settle_payment(payment_id=order.payment_id, now=clock.now())
        assert codes.try_again(order_id=order.pk, now=clock.now())
        codes.serve_waiting(variant_id=keys_of(order)[0].variant_id, now=clock.now())
    settle()
    assert [(key.pk, key.n) for key in keys_of(order)] == before
    first = reveal(order)
    assert [opened.value for opened in reveal(order)] == [opened.value for opened in first]
    assert CardKey.objects.filter(status="sold").count() == 1


def test_a_reveal_starts_a_day_and_is_on_record_once():
    order = paid_order(variant=code_variant())
    wait(hours=2)
    (opened,) = reveal(order)
    now = clock.now()
    assert opened.value.startswith("KEY-")
    assert abs(release_at(order) - now - timedelta(hours=24)) < timedelta(seconds=5)
    entry = AuditEntry.objects.get(act="code.revealed", order_id=order.pk)
    assert entry.user_id == order.buyer_id
    assert entry.facts == {"pieces": [[str(keys_of(order)[0].order_line_id), 1]], "device": "Firefox, Linux"}
    assert opened.value not in str(entry.facts) and opened.value not in repr(opened)
    wait(hours=1)
    assert reveal(order)[0].value == opened.value, "read again"
    assert AuditEntry.objects.filter(act="code.revealed").count() == 1
    assert abs(release_at(order) - now - timedelta(hours=24)) < timedelta(seconds=5)


def test_while_one_is_unopened_the_longer_time_counts():
    order = paid_order(variant=code_variant(), quantity=2)
    first, second = keys_of(order)
    reveal(order, first)
    assert release_at(order) == order.delivered_at + timedelta(days=3)
    wait(hours=10)
    reveal(order, second)
    assert abs(release_at(order) - clock.now() - timedelta(hours=24)) < timedelta(seconds=5)


def test_a_late_reveal_gives_its_day_and_taken_time_stays():
    order = paid_order(variant=code_variant())
    release.extend_inspection(order_id=order.pk, actor=buyer_of(order), now=clock.now())
    assert release_at(order) == order.delivered_at + timedelta(days=4)
    wait(hours=80)
    reveal(order)
    assert abs(release_at(order) - clock.now() - timedelta(hours=48)) < timedelta(seconds=5)


def test_unopened_codes_are_paid_for_after_three_days_and_one_warning():
    order = paid_order(variant=code_variant())
    wait(hours=65)
    assert not Notice.objects.filter(kind="escrow.release_soon").exists()
    wait(hours=2)
    assert Notice.objects.filter(kind="escrow.release_soon", user_id=order.buyer_id).count() == 1
    wait(hours=6)
    assert fresh(order).status == "completed"
    assert balanced()
    assert len(reveal(order)) == 1, "paid for and never opened: still his to open"


def test_a_stranger_opens_nothing():
    order = paid_order(variant=code_variant())
    for person in (UserFactory(), order.store.owner):
        with pytest.raises(NotFound):
            codes.reveal(order_id=order.pk, key_ids=None, actor=actor_of(person), device="", now=clock.now())
    other = paid_order(variant=code_variant())
    with pytest.raises(NoSuchKey):
        reveal(order, keys_of(other)[0])
    assert not CardKey.objects.filter(seen_at__isnull=False).exists()


def test_an_empty_pool_waits_is_served_by_new_keys_and_told():
    variant = code_variant(keys=1, store=StoreFactory(owner=UserFactory(language="en")))
    order = placed_order(variant=variant, buyer=UserFactory(language="en"))
    batch = variant.batches.get()
    now = clock.now()
    code_pool.stop_batch(
        store_id=order.store_id, batch_id=batch.pk, reason="complaints", actor=merchant_of(order), now=now
    )
    pay_at_bank(order.payment_id)
    settle()
    assert fresh(order).status == "paid"
    assert "waits for codes" in _subject(order.store.owner_id, "escrow.held")
    hand_in(variant, 2)
    settle()
    assert fresh(order).status == "delivered"
    assert "are here" in _subject(order.buyer_id, "order.codes_delivered")
    assert keys_of(order)[0].batch_id != batch.pk
    assert stock_of(variant) == 1
    kinds = set(
        Deadline.objects.filter(subject__startswith=str(order.pk), done_at__isnull=True).values_list("kind", flat=True)
    )
    assert kinds == {"escrow.release", "escrow.warn"}


def test_paid_and_not_delivered_alarms_in_five_minutes_and_goes_back_in_an_hour():
    mediator = MediatorFactory(language="en")
    variant = code_variant(keys=1)
    order = placed_order(variant=variant)
    CardKey.objects.update(expires_at=clock.now() + timedelta(days=1))
    pay_at_bank(order.payment_id)
    wait(minutes=4)
    assert not any(alarm.name == "codes.late" for alarm in alarms.ringing(clock.now()))
    with pytest.raises(cancellation.NotOverdue):
        cancellation.cancel(order_id=order.pk, reason="", actor=buyer_of(order), now=clock.now())
    wait(minutes=2)
    assert any(alarm.name == "codes.late" for alarm in alarms.ringing(clock.now()))
    for person in (order.buyer_id, order.store.owner_id, mediator.pk):
        assert _subject(person, "order.codes_late")
    wait(minutes=60)
    order = fresh(order)
    assert order.status == "refunded"
    assert order.hold.refunded_minor == order.total_minor
    assert balanced()


def test_the_buyer_may_cancel_after_five_minutes():
    variant = code_variant(keys=1)
    order = placed_order(variant=variant)
    CardKey.objects.update(expires_at=clock.now() + timedelta(days=1))
    pay_at_bank(order.payment_id)
    wait(minutes=6)
    cancellation.cancel(order_id=order.pk, reason="", actor=buyer_of(order), now=clock.now())
    assert fresh(order).status == "refunded"
    assert balanced()


def test_a_key_that_expired_meanwhile_is_never_sold():
    variant = code_variant(keys=0)
    soon = (clock.now() + timedelta(days=6)).date()
    hand_in(variant, 2, expires_on=soon)
    assert stock_of(variant) == 2
    order = placed_order(variant=variant)
    clock.advance_sandbox(timedelta(days=3))  # no sweep in between: the rows still say "available"
    now = clock.now()
    assert CardKey.objects.filter(status="available").count() == 2
    assert not codes.codes.assign(order_id=order.pk, now=now)
    assert CardKey.objects.filter(status="sold").count() == 0
    deadlines.sweep()
    assert set(CardKey.objects.values_list("status", flat=True)) == {"expired"}
    assert stock_of(variant) == 0


def test_an_unpaid_order_gives_its_claim_on_the_pool_back():
    variant = code_variant(keys=1)
    order = placed_order(variant=variant)
    assert stock_of(variant) == 0
    wait(minutes=16)
    assert fresh(order).status == "cancelled", "codes are reserved for 15 minutes"
    assert stock_of(variant) == 1


def test_unopened_and_refunded_is_for_sale_again_opened_never():
    variant = code_variant(keys=2)
    unseen, seen = paid_order(variant=variant), paid_order(variant=variant)
    reveal(seen)
    for order in (unseen, seen):
        case = open_case(order)
        aftersale.accept(case_id=case.pk, actor=merchant_of(order), now=clock.now())
        assert fresh(order).status == "refunded"
    assert sorted(CardKey.objects.values_list("status", "n")) == [("available", None), ("spent", 1)]
    assert stock_of(variant) == 1
    assert keys_of(unseen) == []
    assert len(reveal(seen)) == 1, "what he has seen he may read again"
    next_one = paid_order(variant=variant)
    assert fresh(next_one).status == "delivered"
    assert balanced()


def test_a_case_keeps_unopened_codes_closed_and_the_clock_still():
    order = paid_order(variant=code_variant(), quantity=2)
    reveal(order, keys_of(order)[0])
    case = open_case(order, want=Remedy.PARTIAL, amount=Money(100))
    with pytest.raises(CaseIsOpen):
        reveal(order)
    assert len(reveal(order, keys_of(order)[0])) == 1
    assert not CardKey.objects.get(pk=keys_of(order)[1].pk).revealed_at
    wait(hours=12)
    aftersale.withdraw(case_id=case.pk, actor=buyer_of(order), now=clock.now())
    assert len(reveal(order)) == 2


def test_refunded_codes_cannot_be_opened_any_more():
    order = paid_order(variant=code_variant())
    case = open_case(order)
    aftersale.accept(case_id=case.pk, actor=merchant_of(order), now=clock.now())
    assert reveal(order) == []
    assert not AuditEntry.objects.filter(act="code.revealed").exists()


def test_a_code_that_does_not_work_is_replaced_and_time_begins_anew():
    variant = code_variant(keys=2)
    order = paid_order(variant=variant, buyer=UserFactory(language="en"))
    bad = keys_of(order)[0]
    old = reveal(order)[0].value
    wait(hours=20)
    _replace(order, bad)
    settle()
    (new,) = keys_of(order)
    assert (new.n, new.revealed_at) == (1, None)
    assert CardKey.objects.get(pk=bad.pk).status == "replaced"
    assert stock_of(variant) == 0
    assert abs(release_at(order) - clock.now() - timedelta(days=3)) < timedelta(seconds=5)
    assert reveal(order)[0].value != old
    assert "was replaced" in _subject(order.buyer_id, "order.code_replaced")
    with pytest.raises(NoCodeLeft):
        _replace(order, new)
    assert CardKey.objects.get(pk=new.pk).status == "sold"


def test_staff_read_codes_with_a_reason_only_and_it_counts_as_seen():
    order, mediator = paid_order(variant=code_variant(keys=1)), MediatorFactory()
    for person, reason, refusal in (
        (UserFactory(), "a good long reason", NotFound),
        (mediator, "short", ReasonNeeded),
        (mediator, "          ", ReasonNeeded),
    ):
        with pytest.raises(refusal):
            codes.open_for_staff(order_id=order.pk, reason=reason, actor=actor_of(person), device="", now=clock.now())
    opened = codes.open_for_staff(
        order_id=order.pk, reason="The issuer asks which code it is.", actor=actor_of(mediator), device="",
        now=clock.now(),
    )  # fmt: skip
    assert opened[0].value.startswith("KEY-")
    assert AuditEntry.objects.get(act="code.opened_by_staff").reason == "The issuer asks which code it is."
    key = keys_of(order)[0]
    assert key.seen_at and not key.revealed_at
    case = open_case(order)
    aftersale.accept(case_id=case.pk, actor=merchant_of(order), now=clock.now())
    key.refresh_from_db()
    assert key.status == "spent", "somebody of ours has seen it"


def test_everything_given_back_after_the_release_takes_unopened_codes_back():
    variant = code_variant(keys=1)
    order = paid_order(variant=variant)
    release.confirm_receipt(order_id=order.pk, actor=buyer_of(order), now=clock.now())
    _give_back(order, order.total_minor - 1)
    assert len(keys_of(order)) == 1
    _give_back(order, 1)
    assert keys_of(order) == []
    assert stock_of(variant) == 1
    assert balanced()


def test_while_the_payers_bank_has_the_money_nothing_is_opened_and_lost_is_taken_back():
    variant = code_variant(keys=1)
    order = paid_order(variant=variant)
    _at_the_bank(order, "chargeback")
    with pytest.raises(ChargebackOpen):
        reveal(order)
    assert not CardKey.objects.get().seen_at
    _at_the_bank(order, "chargeback_lost")
    assert fresh(order).status == "refunded"
    assert CardKey.objects.get().status == "available" and stock_of(variant) == 1
    assert balanced()


def _at_the_bank(order: Order, outcome: str) -> None:
    act(order.payment_id, outcome)
    deliver_notices()
    settle()


def test_codes_are_not_shipped():
    order = placed_order(variant=code_variant(keys=1))
    CardKey.objects.update(expires_at=clock.now() + timedelta(days=1))
    pay_at_bank(order.payment_id)
    with pytest.raises(NothingToShip):
        fulfilment.ship(
            order_id=order.pk, store_id=order.store_id, carrier_code="x", number="TS1", weight_g=1, photos=(),
            actor=merchant_of(order), now=clock.now(),
        )  # fmt: skip


def test_a_closed_order_gives_no_other_code():
    order = paid_order(variant=code_variant())
    release.confirm_receipt(order_id=order.pk, actor=buyer_of(order), now=clock.now())
    with pytest.raises(AlreadyClosed):
        _replace(order, keys_of(order)[0])


def test_no_value_is_in_any_notice_message_or_record():
    order = paid_order(variant=code_variant(keys=4))
    values = [opened.value for opened in reveal(order)]
    _replace(order, keys_of(order)[0])
    values += [opened.value for opened in reveal(order)]
    open_case(order)
    wait(hours=30)
    said = [
        *Notice.objects.values_list("subject", "body"),
        *OutgoingMessage.objects.values_list("subject", "body"),
        *AuditEntry.objects.values_list("reason", "facts"),
    ]
    assert len(said) > 10
    assert not [words for words in said for value in values if value in str(words)]


def _subject(user_id, kind: str) -> str:
    return Notice.objects.get(user_id=user_id, kind=kind).subject


def _replace(order: Order, key: CardKey) -> None:
    codes.replace(
        order_id=order.pk, store_id=order.store_id, key_id=key.pk, reason="issuer refuses it", actor=merchant_of(order),
        now=clock.now(),
    )  # fmt: skip


def _give_back(order: Order, minor: int) -> None:
    late_refunds.give_back(order_id=order.pk, amount_minor=minor, reason="", actor=merchant_of(order), now=clock.now())
