"""Prepared queries give what the ORM gives: on both databases, on every thread, with every kind of value."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models import F, Value
from django.db.transaction import TransactionManagementError

from core.models import AuditEntry, Deadline
from core.prepared import Blank, Change, Insert, Prepared, PreparedIn, hand_out
from shop.models import Order, OrderLine, Product, Variant
from tests.stories import paid_order, placed_order

WITH_ALL = Prepared(lambda: Order.objects.select_related("store__owner", "payment", "hold").filter(pk=Blank("pk")))
NOON = datetime(2026, 1, 2, 12, 30, 1, 500, tzinfo=UTC)


def values_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_an_instance_comes_with_its_related_ones_and_nothing_is_asked_again(db, django_assert_num_queries):
    order = paid_order()
    with django_assert_num_queries(1):
        found = WITH_ALL.first(pk=order.pk)
        assert found.store.owner.display_name and found.payment.amount and found.hold.status
    by_orm = Order.objects.select_related("store__owner", "payment", "hold").get(pk=order.pk)
    assert values_of(found) == values_of(by_orm)
    assert values_of(found.hold) == values_of(by_orm.hold)
    assert not found._state.adding and found._state.db == "default"


def test_a_related_one_that_is_not_there_is_none(db):
    order = placed_order()
    assert getattr(WITH_ALL.first(pk=order.pk), "hold", None) is None


def test_an_id_may_come_as_text_as_it_may_everywhere(db):
    order = placed_order()
    assert WITH_ALL.first(pk=str(order.pk)).pk == order.pk


def test_values_are_not_kept_from_one_asking_to_the_next(db):
    one, two = placed_order(), placed_order()
    assert [WITH_ALL.first(pk=pk).pk for pk in (one.pk, two.pk, one.pk)] == [one.pk, two.pk, one.pk]
    assert WITH_ALL.first(pk=uuid4()) is None
    with pytest.raises(KeyError):
        WITH_ALL.first()


def test_moments_columns_left_out_and_annotations_are_the_orms(db):
    Deadline.objects.create(kind="x", subject="a", due_at=NOON)
    before = Prepared(
        lambda: Deadline.objects.filter(due_at__lte=Blank("now")).annotate(twice=F("tries") + Value(2)).defer("error")
    )
    found = before.first(now=NOON)
    assert found.due_at == NOON and found.twice == 2
    assert found.get_deferred_fields() == {"error"}
    assert before.first(now=NOON.replace(microsecond=499)) is None


def test_tuples_come_converted(db):
    order = placed_order()
    rows = Prepared(lambda: Order.objects.filter(number=Blank("number")).values_list("pk", "placed_at", "address"))
    assert rows.all(number=order.number) == list(
        Order.objects.filter(pk=order.pk).values_list("pk", "placed_at", "address")
    )


def test_a_list_of_any_length_is_asked_in_one_query(db, django_assert_num_queries):
    orders = [placed_order() for _ in range(3)]
    some = PreparedIn(lambda pks: Order.objects.filter(pk__in=pks).order_by("number"))
    with django_assert_num_queries(2):
        assert {row.pk for row in some.all([order.pk for order in orders])} == {order.pk for order in orders}
        assert [row.pk for row in some.all([orders[1].pk])] == [orders[1].pk]
        assert some.all([]) == []


def test_handed_out_rows_are_read_without_a_query(db, django_assert_num_queries):
    one, two = placed_order(), placed_order()
    lines = list(OrderLine.objects.filter(order__in=[one, two]))
    hand_out([one, two], "lines", lines, by="order_id")
    with django_assert_num_queries(0):
        assert [line.order_id for line in one.lines.all()] == [one.pk]
        assert len(two.lines.all()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_row_is_locked_in_a_transaction_or_not_at_all():
    order = placed_order()
    locked = Prepared(lambda: Order.objects.select_for_update().filter(pk=Blank("pk")))
    with transaction.atomic():
        assert locked.first(pk=order.pk)
    with pytest.raises(TransactionManagementError):
        locked.first(pk=order.pk)


def test_a_change_says_how_many_rows_it_found(db):
    variant = Variant.objects.get(pk=placed_order().lines.get().variant_id)
    take = Change(
        lambda: (Variant.objects.filter(pk=Blank("pk"), stock__gte=Blank("n")), {"stock": F("stock") - Blank("n")})
    )
    assert take.apply(pk=variant.pk, n=1) == 1
    assert take.apply(pk=variant.pk, n=10**6) == 0
    assert Variant.objects.get(pk=variant.pk).stock == variant.stock - 1


def test_a_changed_column_is_written_as_its_field_writes_it(db):
    order = placed_order()
    column = Order._meta.get_field("address")
    change = Change(lambda: (Order.objects.filter(pk=Blank("pk")), {"address": Blank("address", column)}))
    change.apply(pk=order.pk, address={"city": "衢州", "lines": [1, None]})
    assert Order.objects.get(pk=order.pk).address == {"city": "衢州", "lines": [1, None]}


def test_an_inserted_row_is_what_the_orm_reads_and_the_rest_has_its_defaults(db):
    who = uuid4()
    key = Insert(AuditEntry).one(at=NOON, user_id=who, act="a", subject_type="b", subject="c", facts={"n": [1, "二"]})
    row = AuditEntry.objects.get(pk=key)
    assert (row.at, row.user_id, row.facts, row.reason, row.order_id) == (NOON, who, {"n": [1, "二"]}, "", None)


@pytest.mark.django_db(transaction=True)
def test_threads_do_not_share_a_plan():
    pk = Product.objects.get(pk=placed_order().lines.get().product_id).pk
    named = Prepared(lambda: Product.objects.select_related("store").filter(pk=Blank("pk")))
    seen, faults = [], []

    def read():
        try:
            seen.extend(named.first(pk=pk).store.name for _ in range(20))
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults and len(seen) == 80
