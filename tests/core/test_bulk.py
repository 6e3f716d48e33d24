"""Many rows at once: the same rows as one by one, on both databases."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from core import audit, clock, outbox
from core.actor import Actor
from core.bulk import Inserts, array, one_of, texts
from core.models import AuditEntry, Deadline, Delivery, OutboxEvent
from shop.models import Order, OrderLine
from tests.stories import placed_order

pytestmark = pytest.mark.django_db


def test_among_finds_what_in_finds_with_one_parameter(django_assert_num_queries):
    one, two = placed_order(), placed_order()
    placed_order()
    wanted = [one.pk, str(two.pk), uuid4()]
    assert set(Order.objects.filter(pk__among=wanted)) == set(Order.objects.filter(pk__in=wanted)) == {one, two}
    sql, params = Order.objects.filter(pk__among=[uuid4() for _ in range(900)]).values("pk").query.sql_with_params()
    assert sql.count("%s") == len(params) == 1


@pytest.mark.parametrize(
    "values", [[], [""], ["a", "b:24"], ["a,b", "{c}", "NULL"], ['say "so"', "b"], ["back\\slash"], ['","'], ['"']]
)
def test_texts_are_written_as_an_array_is(values):
    assert texts(values) == array(values)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::text[]", [texts(values)])
            assert cursor.fetchone()[0] == values


def test_among_works_on_foreign_keys_texts_and_numbers():
    order = placed_order()
    line = OrderLine.objects.get(order=order)
    assert list(OrderLine.objects.filter(order_id__among=[order.pk])) == [line]
    assert list(OrderLine.objects.filter(order__among=[str(order.pk)])) == [line]
    assert list(OrderLine.objects.filter(pk__among=[line.pk, 10**12])) == [line]
    assert Order.objects.filter(number__among=[order.number, "a'b\"c,{}\\"]).get() == order
    assert not Order.objects.filter(number__among=[]).exists()


def test_many_entries_are_those_that_one_by_one_would_be():
    actor, now = Actor(user_id=uuid4()), clock.now()
    rows = [(f"s{n}", uuid4() if n % 2 else None, {"n": n, "word": "托管 'x' \"y\""}) for n in range(30)]
    audit.record_many(actor=actor, act="x.many", subject_type="x", rows=rows, now=now, reason="because")
    for subject, order_id, facts in rows:
        audit.record(
            actor=actor, act="x.one", subject_type="x", subject=subject, order_id=order_id, facts=facts,
            reason="because",
        )  # fmt: skip

    def as_written(act):
        columns = ("user_id", "device_id", "subject_type", "subject", "order_id", "reason", "facts")
        return list(AuditEntry.objects.filter(act=act).order_by("id").values_list(*columns))

    assert as_written("x.many") == as_written("x.one")
    audit.record_many(actor=actor, act="x.none", subject_type="x", rows=[], now=now)
    assert not AuditEntry.objects.filter(act="x.none").exists()


def test_one_of_finds_what_in_finds():
    order = placed_order()
    condition, ids = one_of([order.pk, str(uuid4())], kind="uuid")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM shop_order WHERE id {condition}", [ids])
        assert cursor.fetchone() == (1,)
        condition, names = one_of([order.number, "a'b\"c,{}\\", "托管"], kind="varchar")
        cursor.execute(f"SELECT number FROM shop_order WHERE number {condition}", [names])
        assert cursor.fetchall() == [(order.number,)]


def test_one_row_that_is_not_allowed_lets_none_in():
    taken, now = Inserts(Deadline, varying=("subject",)), clock.now()
    Deadline.objects.create(kind="k", subject="b", due_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        taken.add([("a",), ("b",), ("c",)], same={"kind": "k", "due_at": now})
    assert Deadline.objects.filter(kind="k").count() == 1
    taken.add([("a",), ("c",)], same={"kind": "k", "due_at": now})
    assert {row.tries for row in Deadline.objects.filter(kind="k")} == {0}


def test_many_events_owe_what_each_alone_would():
    payloads = [{"order_id": str(uuid4()), "by": "clock"} for _ in range(7)]
    outbox.publish_many("escrow.released", payloads)
    events = OutboxEvent.objects.filter(name="escrow.released").order_by("id")
    assert [event.payload for event in events] == payloads
    owed = set(outbox.reactions_of("escrow.released"))
    assert owed
    assert outbox.depth() == 7 * len(owed)
    assert outbox.spread() == 7
    assert outbox.spread() == 0
    assert outbox.depth() == 7 * len(owed)
    for event in events:
        assert {row.reaction for row in Delivery.objects.filter(event=event, done_at=None, tries=0, error="")} == owed


def test_a_batch_is_a_handful_of_statements(django_assert_max_num_queries):
    now = clock.now()
    with django_assert_max_num_queries(1 if connection.vendor == "postgresql" else 3):
        outbox.publish_many("escrow.released", [{"order_id": str(uuid4())} for _ in range(200)])
    with django_assert_max_num_queries(1):
        rows = [(str(n), None, {}) for n in range(200)]
        audit.record_many(actor=Actor(user_id=None), act="a", subject_type="x", rows=rows, now=now)
