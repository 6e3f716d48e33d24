"""The small table of open orders says what the orders say, whoever moves them and however."""

import pytest
from django.db import connection, transaction

from core import clock
from escrow.queries import open_holds_of
from escrow.queries.books import books
from shop import open_orders
from shop.models import OpenOrder, Order
from shop.queries.orders import MERCHANT_VIEWS, merchant_orders, merchant_view_counts
from shop.states import OPEN_ORDER, OrderStatus
from tests.factories.escrow import OrderFactory
from tests.factories.shop import StoreFactory
from tests.stories import delivered_order, placed_order

pytestmark = pytest.mark.django_db


def listed():
    return dict(OpenOrder.objects.values_list("order_id", "store_id"))


def open_ones():
    return dict(Order.objects.filter(status__in=OPEN_ORDER).values_list("pk", "store_id"))


def triggers():
    found = (
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'shop_order'::regclass AND tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'shop_order'"
    )
    with connection.cursor() as cursor:
        cursor.execute(found)
        return {name for (name,) in cursor.fetchall()}


def test_the_triggers_know_the_states_and_are_there_after_all_migrations():
    assert set(open_orders.OPEN) == {str(state) for state in OPEN_ORDER}
    assert set(open_orders.TRIGGERS) == {rule[0] for rule in open_orders.RULES} <= triggers()


@pytest.mark.parametrize("status", list(OrderStatus))
def test_an_order_is_listed_while_it_is_open_wherever_it_begins(status):
    order = OrderFactory(status=status)
    assert (order.pk in listed()) is (status in OPEN_ORDER)


def test_moves_of_many_and_of_one_are_followed():
    orders = [placed_order() for _ in range(4)]
    assert listed() == open_ones() == {order.pk: order.store_id for order in orders}
    Order.objects.filter(pk__in=[order.pk for order in orders[:2]]).update(status=OrderStatus.COMPLETED)
    Order.objects.filter(pk=orders[2].pk).update(status=OrderStatus.CANCELLED)
    assert listed() == open_ones() == {orders[3].pk: orders[3].store_id}
    Order.objects.filter(pk=orders[0].pk).update(status=OrderStatus.DELIVERED)
    Order.objects.filter(pk=orders[3].pk).update(status=OrderStatus.PAID)
    assert listed() == open_ones() == {orders[n].pk: orders[n].store_id for n in (0, 3)}


def test_what_is_taken_back_was_never_over():
    order = placed_order()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(status=OrderStatus.CANCELLED)
        assert order.pk not in listed()
        raise ZeroDivisionError
    assert order.pk in listed()


def test_orders_that_were_there_before_the_table_are_written_into_it():
    for status in OrderStatus:
        OrderFactory(status=status)
    before = listed()
    OpenOrder.objects.all().delete()
    open_orders.fill(connection)
    assert listed() == before == open_ones()


def test_the_counts_of_a_store_are_what_its_lists_hold():
    store = StoreFactory()
    for status in OrderStatus:
        OrderFactory.create_batch(2, store=store, status=status)
        OrderFactory(status=status)
    OrderFactory(store=store, status=OrderStatus.SHIPPED, in_case=True)
    counts = merchant_view_counts(store.pk, now=clock.now())
    assert counts == {view: merchant_orders(store.pk, view, now=clock.now()).count() for view in MERCHANT_VIEWS}
    assert (counts["all"], counts["done"], counts["after_sale"]) == (15, 6, 1)
    assert set(merchant_view_counts(StoreFactory().pk, now=clock.now()).values()) == {0}


def test_money_held_for_an_order_that_is_over_is_found_by_the_count_of_the_books():
    order = delivered_order()
    assert [hold.order_id for hold in open_holds_of(order.store_id)] == [order.pk]
    assert books().balanced
    Order.objects.filter(pk=order.pk).update(status=OrderStatus.COMPLETED)
    assert [line for line in books().discrepancies if "its order is over" in line]
