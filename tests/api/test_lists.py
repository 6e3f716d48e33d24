"""Lists: filters, cursors, and a number of queries that does not grow with what is shown."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop.models import Product
from tests.api.people import ask, client_of, cny, system_of
from tests.factories.accounts import UserFactory
from tests.factories.escrow import held
from tests.factories.shop import CategoryFactory, ProductFactory, StoreFactory
from tests.stories import delivered_order, open_case, paid_order, placed_order

pytestmark = pytest.mark.django_db


def walk(client, path):
    """Every row of a list, page by page."""
    rows, pages = [], 0
    while path:
        answer = ask(client, "get", path).data
        rows += answer["results"]
        path = (answer["next"] or "").partition("/api/v1")[2]
        pages += 1
        assert pages < 50
    return rows, pages


@pytest.mark.parametrize("sort", ["relevance", "sold", "new", "price", "price-down"])
def test_pages_show_every_product_once_in_order(sort):
    store = StoreFactory()
    for n in range(11):
        ProductFactory(store=store, price_minor=1_000 + n // 4, sold=n % 2)
    rows, pages = walk(client_of(), f"/products/?sort={sort}&page_size=3")
    assert pages == 4 and len({row["id"] for row in rows}) == 11 == len(rows)
    one_page = ask(client_of(), "get", f"/products/?sort={sort}&page_size=100").data
    assert one_page["results"] == rows and one_page["next"] is None


def test_found_by_words_the_pages_go_on_too():
    ProductFactory(title="陶瓷碗", title_en="Bowl")
    for n in range(5):
        ProductFactory(title=f"陶瓷茶杯{n}", title_en=f"Cup {n}", sold=n)
    rows, pages = walk(client_of(), "/products/?q=茶杯&page_size=2")
    assert pages == 3 and len({row["id"] for row in rows}) == 5


def test_a_row_that_comes_meanwhile_moves_nothing():
    made = [ProductFactory() for _ in range(4)]
    first = ask(client_of(), "get", "/products/?sort=new&page_size=2").data
    ProductFactory()
    second = ask(client_of(), "get", first["next"].partition("/api/v1")[2]).data
    shown = [row["id"] for row in first["results"] + second["results"]]
    assert shown == [str(product.pk) for product in reversed(made)]


def test_a_cursor_of_another_order_is_refused():
    for _ in range(3):
        ProductFactory()
    mark = ask(client_of(), "get", "/products/?sort=new&page_size=1").data["next"].partition("cursor=")[2].split("&")[0]
    assert ask(client_of(), "get", f"/products/?sort=price&cursor={mark}").data["code"] == "bad_cursor"
    assert ask(client_of(UserFactory()), "get", f"/orders/?cursor={mark}").data["code"] == "bad_cursor"


def test_filters_narrow():
    parent = CategoryFactory()
    child = CategoryFactory(parent=parent)
    cheap, dear = ProductFactory(category=child, price_minor=500), ProductFactory(category=parent, price_minor=9_000)
    other = ProductFactory()

    def ids(query):
        return {row["id"] for row in ask(client_of(), "get", f"/products/?{query}").data["results"]}

    assert ids(f"category={parent.slug}") == {str(cheap.pk), str(dear.pk)}
    assert ids(f"category={child.slug}") == {str(cheap.pk)}
    assert ids("high=500") == {str(cheap.pk)}
    assert ids("low=501&high=9000") == {str(dear.pk)}
    assert ids(f"store={other.store.slug}") == {str(other.pk)}
    assert ids("low=20000") == set()


def test_words_are_in_the_readers_language():
    product = ProductFactory()
    for language, title in (("en", product.title_en), ("zh-hans", product.title)):
        row = ask(client_of(), "get", "/products/", accept_language=language).data["results"][0]
        assert row["title"] == title


def queries(client, path):
    with CaptureQueriesContext(connection) as seen:
        assert ask(client, "get", path).status == 200
    return sum("core_clockoffset" not in query["sql"] for query in seen)  # asked for once in a while


def test_the_number_of_queries_does_not_grow():
    buyer, store = UserFactory(), StoreFactory()
    for _ in range(2):
        placed_order(buyer=buyer, variant=ProductFactory(store=store).variants.get())
    lists = {
        "/products/": client_of(), "/orders/": client_of(buyer), "/cart/": client_of(buyer),
        "/merchant/orders/": client_of(store.owner), "/merchant/products/": system_of(store),
    }  # fmt: skip
    before = {path: queries(client, path) for path, client in lists.items()}
    for _ in range(6):
        placed_order(buyer=buyer, variant=ProductFactory(store=store, variants=3).variants.first())
    assert {path: queries(client, path) for path, client in lists.items()} == before
    assert max(before.values()) <= 8, before
    assert before["/products/"] <= 1


def test_one_deal_and_one_case_cost_a_bounded_number():
    order = delivered_order()
    case = open_case(order)
    buyer = client_of(order.buyer)
    assert queries(client_of(), f"/products/{order.lines.get().product_id}/") <= 4
    for path in (f"/orders/{order.number}/", f"/orders/{order.number}/money/", f"/orders/{order.number}/timeline/"):
        assert queries(buyer, path) <= 15
    assert queries(buyer, f"/cases/{case.number}/") <= 12


def test_the_statement_goes_on_page_by_page_with_the_whole_accounts_balances():
    store = StoreFactory()
    from core import clock
    from core.actor import SYSTEM
    from escrow.services import holds
    from tests.factories.escrow import OrderFactory

    for _ in range(5):
        order = OrderFactory(store=store, items_minor=1_000, fee_bps=0)
        held(order=order)
        holds.release(order_id=order.pk, actor=SYSTEM, reason="test", now=clock.now())
    rows, pages = walk(system_of(store), "/merchant/statement/?page_size=2")
    assert pages == 3 and [row["balance"] for row in rows] == [cny(n) for n in (5_000, 4_000, 3_000, 2_000, 1_000)]
    assert walk(system_of(StoreFactory()), "/merchant/statement/") == ([], 1)


def test_orders_by_what_they_wait_for_and_by_words():
    buyer = UserFactory()
    unpaid, paid = placed_order(buyer=buyer), paid_order(buyer=buyer)

    def numbers(query):
        return [row["number"] for row in ask(client_of(buyer), "get", f"/orders/?{query}").data["results"]]

    assert numbers("") == [paid.number, unpaid.number]
    assert numbers("tab=to_pay") == [unpaid.number]
    assert numbers(f"q={paid.number}") == [paid.number]


def test_a_store_sees_an_address_only_while_it_needs_it():
    order = placed_order()
    row = ask(system_of(order.store), "get", "/merchant/orders/").data["results"][0]
    assert row["number"] == order.number and row["address"] is None


def test_a_draft_is_written_and_says_what_it_lacks():
    store, category = StoreFactory(), CategoryFactory()
    body = {
        "category": category.slug, "title": "手作杯", "title_en": "Cup", "weight_g": 300, "fragile": True,
        "variants": [
            {"name": "白", "price": cny(5_000), "stock": 3, "sku": "W"},
            {"name": "蓝", "price": cny(4_500), "stock": 0},
        ],
    }  # fmt: skip
    made = ask(system_of(store), "post", "/merchant/products/", body)
    assert made.status == 201 and made.data["status"] == "draft" and made.data["price"] == cny(4_500)
    assert {"function", "usage", "warranty", "validity", "pictures"} <= set(made.data["lacks"])
    assert [row["sku"] for row in made.data["variants"]] == ["W", ""]
    assert Product.objects.get().fragile and Product.objects.get().store == store
    assert ask(client_of(), "get", f"/products/{made.data['id']}/").status == 404
    assert ask(system_of(store), "get", "/merchant/products/").data["results"] == []
    assert len(ask(system_of(store), "get", "/merchant/products/?tab=draft").data["results"]) == 1
