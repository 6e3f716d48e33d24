"""The buyer's orders: list, page, confirming, cancelling, and nobody else's business."""

from datetime import timedelta

import pytest
from django.urls import reverse

from core import clock
from core.models import AuditEntry
from core.templatetags.tashi import whole_dates
from escrow.models import Hold
from logistics.models import Shipment
from logistics.states import ShipmentStatus
from shop.models import Order, Product, Sale, Variant
from shop.queries.orders import buyer_orders, buyer_tab_counts, merchant_orders, merchant_view_counts
from shop.services import due_orders, orders, promises, sales
from shop.states import OrderStatus
from shop.tasks import add_up_sales
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.shop import ProductFactory, StoreFactory
from tests.stories import (
    delivered_order,
    open_case,
    paid_order,
    placed_order,
    scan,
    ship,
    shipped_order,
)

pytestmark = pytest.mark.django_db
LIST = "/orders/"


def url(order, name="order"):
    return reverse(f"shop:{name}", args=[order.number])


def sign_in(client, order):
    client.force_login(order.buyer)
    return order


def numbers(answer):
    return [row.number for row in answer.context["rows"]]


# --- services ---------------------------------------------------------------------------------------------------------


def test_a_number_that_is_taken_is_drawn_again(monkeypatch):
    draws = iter([7, 7, 8])
    monkeypatch.setattr(orders.secrets, "randbelow", lambda _: next(draws))
    first, second = placed_order(), placed_order()
    assert first.number.endswith("00000007")
    assert second.number.endswith("00000008")


def test_completing_many_leaves_out_what_is_not_delivered_or_in_a_case_and_writes_an_entry_each():
    going, waiting, disputed = delivered_order(), placed_order(), delivered_order()
    Order.objects.filter(pk=disputed.pk).update(in_case=True)
    names = [str(order.pk) for order in (going, waiting, disputed)]
    assert due_orders.complete(names, reason="test", now=clock.now()) == {str(going.pk)}
    for order in (going, waiting, disputed):
        order.refresh_from_db()
    assert (going.status, waiting.status, disputed.status) == ("completed", "pending", "delivered")
    assert going.closed_at is not None
    entry = AuditEntry.objects.get(act="order.completed")
    assert (entry.order_id, entry.facts, entry.user_id) == (going.pk, {"from": "delivered"}, None)
    assert due_orders.complete(names, reason="again", now=clock.now()) == set()


def test_sold_pieces_are_counted_per_product():
    product = ProductFactory(variants=2)
    several = [placed_order(variant=variant, quantity=2) for variant in product.variants.all()]
    other = placed_order(quantity=1)
    sales.note_sold([order.pk for order in several])
    sales.note_sold([order.pk for order in (several[0], other)])
    product.refresh_from_db()
    assert product.sold == 0
    assert sales.add_up() == 3
    assert sales.add_up() == 0
    product.refresh_from_db()
    assert product.sold == 6
    assert Product.objects.get(pk=other.lines.get().product_id).sold == 1


# --- list -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def five(client):
    """One order on each tab, and one that is over."""
    buyer = UserFactory()
    client.force_login(buyer)
    product = ProductFactory(store=StoreFactory(shipping_minor=0), stock=50)
    make = {"buyer": buyer, "variant": product.variants.get()}
    found = {
        "to_pay": placed_order(**make),
        "to_ship": paid_order(**make),
        "to_receive": delivered_order(**make),
        "after_sale": shipped_order(**make),
        "over": delivered_order(**make),
    }
    open_case(found["after_sale"])
    client.post(url(found["over"], "order-confirm"))
    return found


def test_tabs_count_what_they_show(client, five):
    page = client.get(LIST)
    assert {tab["url"].partition("tab=")[2] or "all": tab["count"] for tab in page.context["tabs"]} == {
        "all": 5, "to_pay": 1, "to_ship": 1, "to_receive": 1, "after_sale": 1,
    }  # fmt: skip
    for tab in ("to_pay", "to_ship", "to_receive", "after_sale"):
        assert numbers(client.get(LIST, {"tab": tab})) == [five[tab].number]


def test_what_waits_for_the_buyer_comes_first(client, five):
    first_two = numbers(client.get(LIST))[:2]
    assert set(first_two) == {five["to_pay"].number, five["to_receive"].number}


def test_each_row_says_where_the_money_is_and_what_to_do(client, five):
    rows = {row.number: row for row in client.get(LIST).context["rows"]}
    pay, receive = rows[five["to_pay"].number], rows[five["to_receive"].number]
    assert str(five["to_pay"].total) in pay.act.label
    assert pay.clock is not None
    assert receive.act.url == url(five["to_receive"], "order-confirm")
    assert all(row.sentence for row in rows.values())
    assert rows[five["over"].number].act is None


def test_the_list_asks_the_database_at_most_twelve_times(client, five, settings, django_assert_max_num_queries):
    client.get(LIST)  # takes the messages out of the session
    settings.SANDBOX = False  # whose clock asks now and then
    with django_assert_max_num_queries(12):
        client.get(LIST)


@pytest.mark.parametrize("what", ["number", "part", "title", "title_en", "amount", "typed_amount", "tracking"])
def test_an_order_is_found_by(client, what):
    order = sign_in(client, shipped_order(quantity=3))
    paid_order(buyer=order.buyer)
    line = order.lines.get()
    asked = {
        "number": order.number,
        "part": order.number[:10],
        "title": line.title[:4],
        "title_en": line.title_en.upper(),
        "amount": order.total.digits,
        "typed_amount": f" ¥{order.total.digits} ",
        "tracking": order.shipments.get().number.lower(),
    }[what]
    assert order.number in numbers(client.get(LIST, {"q": asked}))


@pytest.mark.parametrize("q", ["nothing-like-it", "\x00", "%", "_", "'; drop table", "9" * 5_000, "１２８", "🍵"])
def test_a_search_that_finds_nothing_says_what_would(client, q):
    sign_in(client, placed_order())
    answer = client.get(LIST, {"q": q})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "query", [{"tab": "x"}, {"page": "0"}, {"page": "x"}, {"page": "99"}, {"tab": "all", "page": "-1"}]
)
def test_strange_addresses_show_the_list(client, query):
    sign_in(client, placed_order())
    assert client.get(LIST, query).status_code == 200


def test_a_long_list_has_pages(client):
    buyer = UserFactory()
    client.force_login(buyer)
    variant = ProductFactory(stock=50, store=StoreFactory(shipping_minor=0)).variants.get()
    for _ in range(21):
        placed_order(buyer=buyer, variant=variant)
    assert len(numbers(client.get(LIST))) == 20
    assert len(numbers(client.get(LIST, {"page": "2"}))) == 1


def test_an_empty_list_teaches(client):
    client.force_login(UserFactory())
    for tab in ("all", "to_pay", "to_ship", "to_receive", "after_sale"):
        assert "empty" in client.get(LIST, {"tab": tab}).content.decode()


def test_counts_and_lists_agree_for_the_merchant_too(five):
    store = five["to_ship"].store
    later = clock.now() + timedelta(hours=49)
    counts = merchant_view_counts(store.pk, now=later)
    assert counts["to_ship"] == counts["overdue"] == 1
    for view, count in counts.items():
        assert merchant_orders(store.pk, view, now=later).count() == count
    assert merchant_view_counts(store.pk, now=clock.now())["overdue"] == 0
    assert merchant_orders(store.pk, "all", "8000", now=later).count() == 5
    assert not merchant_orders(StoreFactory().pk, now=later)


def test_nobody_sees_the_orders_of_another():
    placed_order()
    stranger = UserFactory()
    assert not buyer_orders(stranger.pk)
    assert buyer_tab_counts(stranger.pk)["all"] == 0


# --- page -------------------------------------------------------------------------------------------------------------

STATES = [placed_order, paid_order, shipped_order, delivered_order]


def in_a_case(**kwargs):
    order = delivered_order(**kwargs)
    open_case(order)
    order.refresh_from_db()
    return order


@pytest.mark.parametrize("make", [*STATES, in_a_case])
def test_the_page_opens_with_the_money_and_asks_the_database_at_most_twelve_times(
    client, make, settings, django_assert_max_num_queries
):
    order = sign_in(client, make())
    client.get(url(order))  # policies are remembered
    settings.SANDBOX = False  # whose clock asks now and then
    with django_assert_max_num_queries(12):
        page = client.get(url(order))
    text = page.content.decode()
    assert page.status_code == 200
    assert text.index("money-sentence-say") < text.index("steps")
    assert whole_dates(page.context["deal"].sentence.text) in text
    assert page.context["deal"].sentence.clock is not None or make is shipped_order


def test_every_later_state_has_its_page(client, five):
    for order in five.values():
        assert client.get(url(order)).status_code == 200
        assert client.get(url(order, "order-money")).status_code == 200
        assert client.get(url(order, "order-promise")).status_code == 200


def test_a_parcel_shows_courier_code_and_proof(client):
    order = sign_in(client, paid_order())
    parcel = ship(order)
    scan(parcel, ShipmentStatus.OUT_FOR_DELIVERY, courier_phone="13900001111")
    text = client.get(url(order)).content.decode()
    assert 'href="tel:13900001111"' in text
    assert parcel.number in text
    scan(parcel, ShipmentStatus.AWAITING_COLLECTION, pickup_place="东门快递柜", pickup_code="8-3-2211")
    text = client.get(url(order)).content.decode()
    assert "东门快递柜" in text
    assert "8-3-2211" in text
    scan(parcel, ShipmentStatus.DELIVERED, grade="B", signed_by="本人")
    text = client.get(url(order)).content.decode()
    assert "本人" in text
    assert "8-3-2211" not in text
    assert Shipment.objects.get().get_grade_display() in text


def test_the_story_is_told_in_words(client):
    order = sign_in(client, delivered_order())
    client.cookies["django_language"] = "en"
    told = [str(line.text) for line in client.get(url(order)).context["deal"].story]
    assert told[:3] == ["Order placed", "Payment confirmed", "Money put into escrow"]
    assert told[-1] == "Delivered"


def test_the_phone_is_masked(client):
    order = sign_in(client, placed_order())
    text = client.get(url(order)).content.decode()
    assert "138****8000" in text
    assert order.address["phone"] not in text


def test_something_is_wrong_is_as_big_as_all_is_well(client):
    order = sign_in(client, delivered_order())
    for page in (url(order), url(order, "order-confirm")):
        text = client.get(page).content.decode()
        assert reverse("disputes:case-new", args=[order.number]) in text
        assert text.count("button-big button-wide") == 2


# --- confirming -------------------------------------------------------------------------------------------------------


def test_the_promise_stands_beside_the_button_as_it_was(client):
    order = sign_in(client, delivered_order())
    product = order.lines.get().product
    was = product.summary
    Product.objects.update(summary="something quite different", price_minor=1)
    Variant.objects.update(price_minor=1)
    product.refresh_from_db()
    promises.publish_version(product=product, author_id=None, now=clock.now())
    text = client.get(url(order, "order-confirm")).content.decode()
    assert was in text
    assert "something quite different" not in text
    assert str(order.total) in text
    page = client.get(url(order, "order-promise"))
    assert len(page.context["promises"][0].changed) == 2


def test_confirming_completes_the_order_and_releases_the_money_once(client):
    order = sign_in(client, delivered_order())
    assert client.post(url(order, "order-confirm")).url == url(order)
    assert client.post(url(order, "order-confirm")).status_code == 409
    order.refresh_from_db()
    hold = Hold.objects.get(order=order)
    assert order.status == OrderStatus.COMPLETED
    assert hold.released_minor == order.total_minor
    assert Sale.objects.get().pieces == 1
    add_up_sales()
    assert order.lines.get().product.sold == 1


@pytest.mark.parametrize("make", [placed_order, paid_order])
def test_what_was_not_shipped_cannot_be_confirmed(client, make):
    order = sign_in(client, make())
    assert client.get(url(order, "order-confirm")).url == url(order)
    assert client.post(url(order, "order-confirm")).status_code == 409
    assert not Hold.objects.filter(released_minor__gt=0).exists()


def test_nothing_is_confirmed_while_a_case_is_open(client):
    order = sign_in(client, delivered_order())
    open_case(order)
    assert client.get(url(order, "order-confirm")).status_code == 302
    assert client.post(url(order, "order-confirm")).status_code == 409
    assert Hold.objects.get().released_minor == 0


def test_time_to_look_can_be_extended_once(client):
    order = sign_in(client, delivered_order())
    before = client.get(url(order)).context["deal"].sentence.clock.due_at
    client.post(url(order, "order-extend"))
    assert client.get(url(order)).context["deal"].sentence.clock.due_at == before + timedelta(hours=72)
    assert client.post(url(order, "order-extend")).status_code == 409


# --- cancelling -------------------------------------------------------------------------------------------------------


def test_an_unpaid_order_is_cancelled_and_its_stock_returns(client):
    order = sign_in(client, placed_order(quantity=2))
    client.post(url(order, "order-cancel"), {"reason": "\x00" + "长" * 5_000})
    order.refresh_from_db()
    assert order.status == OrderStatus.CANCELLED
    assert order.lines.get().variant.stock == 10


def test_a_paid_order_is_cancelled_only_once_the_merchant_is_late(client):
    order = sign_in(client, paid_order())
    assert client.post(url(order, "order-cancel")).status_code == 409
    clock.advance_sandbox(timedelta(hours=49))
    client.post(url(order, "order-cancel"))
    order.refresh_from_db()
    assert order.status == OrderStatus.REFUNDED
    assert order.lines.get().variant.stock == 10


# --- everybody else ---------------------------------------------------------------------------------------------------

PAGES = ["order", "order-confirm", "order-money", "order-promise"]
ACTS = ["order-confirm", "order-cancel", "order-extend"]


@pytest.mark.parametrize("who", ["stranger", "merchant", "mediator"])
def test_an_order_does_not_exist_for(client, who):
    order = delivered_order()
    people = {"stranger": UserFactory, "merchant": lambda: order.store.owner, "mediator": MediatorFactory}
    client.force_login(people[who]())
    for name in PAGES:
        assert client.get(url(order, name)).status_code == 404
    for name in ACTS:
        assert client.post(url(order, name)).status_code == 404
    assert Order.objects.get().status == OrderStatus.DELIVERED
    assert Hold.objects.get().released_minor == 0


def test_a_visitor_is_asked_to_sign_in(client):
    order = placed_order()
    for name in PAGES:
        assert client.get(url(order, name)).url.startswith(reverse("account_login"))


@pytest.mark.parametrize("number", ["0", "x" * 300, "%00", "1%00", "１２３", "-1", "' or 1=1"])
def test_a_number_that_is_none_is_not_found(client, number):
    client.force_login(UserFactory())
    assert client.get(f"/orders/{number}/").status_code == 404


def test_acts_are_never_done_by_looking(client):
    order = sign_in(client, delivered_order())
    assert client.get(url(order, "order-extend")).status_code == 405
    client.get(url(order, "order-cancel"))
    order.refresh_from_db()
    assert order.status == "delivered"
