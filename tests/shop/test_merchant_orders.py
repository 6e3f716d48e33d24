"""The merchant's orders: what the list and the page say, shipping, calling off, granting time, and the export."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from core import clock
from core.models import Deadline
from escrow.models import Hold
from logistics.models import Shipment
from shop.models import Order
from shop.states import OrderStatus
from tests.factories.accounts import UserFactory
from tests.factories.logistics import CarrierFactory, StoreCarrierFactory
from tests.factories.shop import ProductFactory, StoreFactory
from tests.pictures import upload
from tests.stories import (
    delivered_order,
    open_case,
    paid_order,
    placed_order,
    sandbox_carrier,
    ship,
    shipped_order,
)

pytestmark = pytest.mark.django_db
LIST = "/merchant/orders/"


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def desk(client):
    """Sign the owner of an order's store in, and give the store a carrier."""

    def sign_in(order):
        sandbox_carrier(order.store_id)
        client.cookies["django_language"] = "en"
        client.force_login(order.store.owner)
        return order

    return sign_in


def url(order, name="order"):
    return reverse(f"merchant:{name}", args=[order.number])


def page(client, order):
    return client.get(url(order)).content.decode()


def numbers(answer):
    return [row.number for row in answer.context["rows"]]


# --- the list ---------------------------------------------------------------------------------------------------------


def test_the_list_shows_orders_by_what_they_wait_for(client, desk):
    store = StoreFactory()
    variant = ProductFactory(store=store).variants.get()
    unpaid, paid = desk(placed_order(variant=variant)), paid_order(variant=variant)
    case = open_case(delivered_order(variant=variant)).order
    everything = client.get(LIST)
    assert set(numbers(everything)) == {unpaid.number, paid.number, case.number}
    assert {tab["label"]: tab["count"] for tab in everything.context["tabs"]}["To ship"] == 1
    assert numbers(client.get(LIST, {"view": "unpaid"})) == [unpaid.number]
    assert numbers(client.get(LIST, {"view": "to_ship"})) == [paid.number]
    assert numbers(client.get(LIST, {"view": "after_sale"})) == [case.number]
    assert numbers(client.get(LIST, {"view": "no such view"})) == numbers(everything)


def test_each_row_leads_to_its_next_act(client, desk):
    paid = desk(paid_order())
    row = client.get(LIST).context["rows"][0]
    assert (row.act.label, row.act.url) == ("Ship", f"{url(paid)}#ship")
    assert row.party == f"{paid.address['province']} {paid.address['city']}"
    assert row.clock is not None
    open_case(paid)
    row = client.get(LIST).context["rows"][0]
    assert (row.act.label, row.tone) == ("Answer the case", "frozen")


def test_search_finds_number_parcel_phone_tail_and_amount(client, desk):
    variant = ProductFactory(price_minor=4_321).variants.get()
    order = desk(shipped_order(variant=variant))
    other = paid_order(variant=ProductFactory(store=order.store, price_minor=999).variants.get())
    parcel = order.shipments.get()
    for q in (order.number, parcel.number.lower(), "43.21"):
        assert numbers(client.get(LIST, {"q": q})) == [order.number], q
    Order.objects.filter(pk=other.pk).update(address={**other.address, "phone": "+8613900007788"})
    assert numbers(client.get(LIST, {"q": "7788"})) == [other.number]
    assert numbers(client.get(LIST, {"q": "\x00'%"})) == []


def test_an_empty_view_says_how_something_gets_there(client, desk):
    desk(placed_order())
    assert "Paid orders appear here" in client.get(LIST, {"view": "to_ship"}).content.decode()
    assert "Nothing found for" in client.get(LIST, {"q": "nothing like it"}).content.decode()


def test_fifty_orders_cost_ten_queries(client, desk, django_assert_max_num_queries, monkeypatch):
    variant = ProductFactory(stock=100).variants.get()
    first = desk(paid_order(variant=variant))
    lines = list(first.lines.all())
    for n in range(54):
        order = Order.objects.get(pk=first.pk)
        order.pk, order.number, order._state.adding = None, f"{int(first.number) + n + 1}", True
        order.id = Order._meta.pk.get_default()
        order.save()
        line = lines[0]
        line.pk, line.order, line._state.adding = type(line)._meta.pk.get_default(), order, True
        line.save()
        Deadline.objects.create(kind="order.ship_by", subject=str(order.pk), due_at=clock.now() + timedelta(hours=n))
    monkeypatch.setattr(clock, "_cached", (float("inf"), timedelta()))  # only a sandbox asks for its offset
    with django_assert_max_num_queries(10):
        answer = client.get(LIST)
    assert len(answer.context["rows"]) == 50
    assert len(answer.content) < 150_000
    open_case(first)
    with django_assert_max_num_queries(11):  # what the cases say, once for all of them
        client.get(LIST)


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_opens_with_the_money_and_prints_fee_and_net(client, desk):
    order = desk(paid_order(variant=ProductFactory(price_minor=10_000).variants.get()))
    text = page(client, order)
    assert text.index("money-sentence") < text.index("Safe to ship?")
    pay = client.get(url(order)).context["pay"]
    assert (pay.gross.minor, pay.fee.minor, pay.net.minor) == (10_000, 500, 9_500)
    assert "¥95.00" in text
    assert "Fee, 5 %" in text


def test_the_address_is_whole_only_once_it_is_paid(client, desk):
    order = desk(placed_order())
    before = page(client, order)
    assert order.address["phone"] not in before
    assert order.address["street"] not in before
    assert order.address["name"] not in before
    assert "Do not ship" in before
    assert 'name="number"' not in before
    paid = desk(paid_order())
    after = page(client, paid)
    assert paid.address["phone"] in after
    assert paid.address["street"] in after


def test_the_buyers_own_name_and_phone_are_masked(client, desk):
    buyer = UserFactory(name="Longname Surname", phone="+8613812345678")
    order = desk(paid_order(buyer=buyer))
    text = page(client, order)
    assert "Longname Surname" not in text.replace(order.address["name"], "")
    assert "13812345678" not in text.replace(order.address["phone"], "")


def test_safe_to_ship_says_what_is_wrong(client, desk):
    order = desk(paid_order())
    assert {check.tone for check in client.get(url(order)).context["checks"]} == {"safe"}
    Order.objects.filter(pk=order.pk).update(address={**order.address, "street": " "}, note="Leave it at the gate")
    checks = client.get(url(order)).context["checks"]
    assert [check.tone for check in checks] == ["safe", "danger", "wait"]
    assert "Leave it at the gate" in page(client, order)
    Hold.objects.filter(order=order).update(status="frozen")
    assert client.get(url(order)).context["checks"][0].tone == "danger"


def test_the_page_needs_few_queries(client, desk, django_assert_max_num_queries):
    order = desk(shipped_order())
    client.get(url(order))
    with django_assert_max_num_queries(15):
        client.get(url(order))


# --- shipping ---------------------------------------------------------------------------------------------------------


def test_shipping_books_the_parcel_with_its_evidence(client, desk):
    order = desk(paid_order())
    data = {"carrier": "sandbox", "number": "ts-12345678", "weight_g": "850", "photos": [upload("one"), upload("two")]}
    assert client.post(url(order, "ship"), data).status_code == 302
    parcel = Shipment.objects.get(order=order)
    assert (parcel.number, parcel.weight_g, parcel.photos.count()) == ("TS-12345678", 850, 2)
    order.refresh_from_db()
    assert order.status == OrderStatus.SHIPPED
    assert order.shipped_at is None  # the carrier's first scan is what counts
    text = page(client, order)
    for photo in parcel.photos.all():
        assert reverse("logistics:pack-photo", args=[photo.pk]) in text


def test_a_refused_form_keeps_what_was_typed(client, desk):
    order = desk(paid_order())
    for number, weight in (("no", "850"), ("TS-12345678", "-5"), ("", "850")):
        answer = client.post(url(order, "ship"), {"carrier": "sandbox", "number": number, "weight_g": weight})
        assert answer.status_code in (400, 409, 422)
        text = answer.content.decode()
        assert f'value="{number}"' in text or not number
        assert f'value="{weight}"' in text
        assert "This needs your attention" in text
    order.refresh_from_db()
    assert order.status == OrderStatus.PAID
    assert not Shipment.objects.exists()


def test_a_carrier_without_a_contract_a_taken_number_and_a_wrong_picture_are_refused(client, desk):
    order = desk(paid_order())
    taken = ship(paid_order())
    stranger = CarrierFactory()
    bad = upload("x", body=b"not a picture")
    for data in (
        {"carrier": stranger.code, "number": "TS-12345678"},
        {"carrier": "sandbox", "number": taken.number},
        {"carrier": "sandbox", "number": "TS-12345678", "photos": [bad]},
    ):
        answer = client.post(url(order, "ship"), data)
        assert 400 <= answer.status_code < 500, data
        assert data["number"] in answer.content.decode()
    assert not order.shipments.exists()


def test_an_order_ships_once(client, desk):
    order = desk(paid_order())
    client.post(url(order, "ship"), {"carrier": "sandbox", "number": "TS-12345678"})
    again = client.post(url(order, "ship"), {"carrier": "sandbox", "number": "TS-87654321"})
    assert again.status_code == 409
    assert order.shipments.get().number == "TS-12345678"


def test_an_unpaid_order_and_one_in_a_case_cannot_be_shipped(client, desk):
    unpaid, case = desk(placed_order()), open_case(paid_order())
    assert client.post(url(unpaid, "ship"), {"carrier": "sandbox", "number": "TS-12345678"}).status_code == 409
    order = desk(case.order)
    assert client.post(url(order, "ship"), {"carrier": "sandbox", "number": "TS-12345678"}).status_code == 409
    assert not Shipment.objects.exists()


def test_a_parcel_of_a_manual_carrier_leads_to_its_scans(client, desk):
    order = desk(paid_order())
    carrier = CarrierFactory()
    StoreCarrierFactory(store_id=order.store_id, carrier=carrier)
    client.post(url(order, "ship"), {"carrier": carrier.code, "number": "AB-123456"})
    parcel = order.shipments.get()
    assert reverse("logistics:scan", args=[parcel.pk]) in page(client, order)
    other = desk(shipped_order())
    assert "Enter where it is" not in page(client, other)


def test_a_store_without_a_carrier_is_told_so(client):
    order = paid_order()
    client.cookies["django_language"] = "en"
    client.force_login(order.store.owner)
    assert "You have no carrier yet" in page(client, order)


# --- calling off and granting time ------------------------------------------------------------------------------------


def test_calling_off_repeats_the_amount_and_refunds_it(client, desk):
    order = desk(paid_order())
    assert f"refund {order.total}" in page(client, order)
    assert client.post(url(order, "order-cancel")).status_code == 302
    order.refresh_from_db()
    hold = Hold.objects.get(order=order)
    assert (order.status, hold.status, hold.refunded_minor) == (OrderStatus.REFUNDED, "refunded", order.total_minor)
    shipped = desk(shipped_order())
    client.post(url(shipped, "order-cancel"))
    assert Hold.objects.get(order=shipped).status == "held"


def test_time_is_granted_in_the_steps_of_the_policy(client, desk):
    order = desk(delivered_order())
    text = page(client, order)
    for days in (3, 5, 7, 10):
        assert f'name="days" value="{days}"' in text

    def end():
        return Deadline.objects.get(kind="escrow.release", subject=str(order.pk), done_at__isnull=True).due_at

    before = end()
    client.post(url(order, "order-grant"), {"days": "5"})
    assert end() == before + timedelta(days=5)
    for days in ("4", "-3", "x", "", "9" * 30, "３"):
        client.post(url(order, "order-grant"), {"days": days})
    assert end() == before + timedelta(days=5)


# --- the export -------------------------------------------------------------------------------------------------------


def test_the_export_holds_the_view_and_no_formula(client, desk):
    order = desk(paid_order())
    unpaid = placed_order(variant=order.lines.get().variant)
    Order.objects.filter(pk=order.pk).update(note='=HYPERLINK("http://evil.example")')
    order.lines.update(title_en="+cmd|' /C calc'!A0")
    answer = client.get(reverse("merchant:orders-export"), {"view": "to_ship"})
    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Content-Disposition"] == 'attachment; filename="orders.csv"'
    text = answer.content.decode("utf-8")
    assert text.startswith("\ufeff")
    assert order.number in text
    assert unpaid.number not in text
    assert ",'+cmd" in text
    assert "'=HYPERLINK" in text
    assert order.address["phone"] not in text
