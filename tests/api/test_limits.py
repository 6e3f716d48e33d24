"""How often: by person, token and address, in all processes, and said in words with the time to wait."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import RequestFactory
from rest_framework.test import APIClient

from core import limits
from core.api_limits import Limits
from core.limits import Rate, address_of, rates_of, spend
from shop.models import Order
from tests.api.people import ask, client_of, system_of
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.shop import ProductFactory, StoreFactory
from tests.stories import delivered_order, open_case

pytestmark = pytest.mark.django_db


@pytest.fixture
def rate(settings, monkeypatch):
    """Sets rates, in a window that does not end while the test runs."""
    monkeypatch.setattr(limits.time, "time", lambda: 1_800_000_010.0)

    def change(**rates: str) -> None:
        settings.API_RATES = {**settings.API_RATES, **rates}

    return change


def statuses(client, path="/orders/", times=4, **more):
    return [ask(client, "get", path, **more).status for _ in range(times)]


def test_a_member_is_refused_in_our_words_and_told_when_to_come_again(rate):
    rate(member="3/m")
    buyer = client_of(UserFactory())
    assert statuses(buyer) == [200, 200, 200, 429]
    answer = ask(buyer, "get", "/orders/")
    assert answer.data["code"] == "too_many" and answer.headers["Retry-After"] in answer.data["message"]
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert statuses(client_of(UserFactory()), times=1) == [200], "another member is another member"


def test_the_window_goes_by(rate, monkeypatch):
    rate(member="3/m")
    buyer = client_of(UserFactory())
    assert statuses(buyer)[-1] == 429
    monkeypatch.setattr(limits.time, "time", lambda: 1_800_000_071.0)
    assert statuses(buyer, times=3) == [200, 200, 200]


def test_a_member_has_one_rate_on_all_his_devices_and_addresses(rate):
    rate(member="3/m")
    user = UserFactory()
    found = [ask(client_of(user), "get", "/orders/", x_forwarded_for=f"192.0.2.{n}").status for n in range(4)]
    assert found == [200, 200, 200, 429]


def test_a_token_has_its_own(rate):
    rate(member="1/m", system="3/m")
    store = StoreFactory()
    system, other = system_of(store), system_of(store)
    assert statuses(system, "/merchant/orders/") == [200, 200, 200, 429]
    assert statuses(other, "/merchant/orders/", times=1) == [200]
    assert statuses(client_of(store.owner), "/merchant/orders/", times=2) == [200, 429]


def test_visitors_are_counted_by_address(rate):
    rate(visitor="3/m")
    assert statuses(APIClient(REMOTE_ADDR="192.0.2.1"), "/products/") == [200, 200, 200, 429]
    assert statuses(APIClient(REMOTE_ADDR="192.0.2.2"), "/products/", times=1) == [200]
    assert statuses(APIClient(REMOTE_ADDR="192.0.2.1"), "/orders/", times=1) == [429], "at closed doors too"


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_CLIENT_IP"])
def test_no_header_makes_another_visitor_of_anybody(rate, header):
    rate(visitor="3/m")
    found = [
        APIClient(REMOTE_ADDR="192.0.2.1").get("/api/v1/products/", **{header: f"198.51.100.{n}"}).status_code
        for n in range(4)
    ]
    assert found == [200, 200, 200, 429]


@pytest.mark.parametrize(("proxies", "header", "expected"), [
    (0, "1.1.1.1", "192.0.2.1"), (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"), (2, "6.6.6.6, 1.1.1.1, 10.0.0.1", "1.1.1.1"),
    (2, "1.1.1.1", "1.1.1.1"), (1, "", "192.0.2.1"), (1, "not an address", "not an address"), (1, "x" * 999, "x" * 45),
    (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"), (1, "1.1.1.1,, ,", "1.1.1.1"),
])  # fmt: skip
def test_only_what_our_own_proxies_wrote_is_believed(settings, proxies, header, expected):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=header)
    assert address_of(request) == expected


def test_wrong_tokens_are_counted_before_anything_is_looked_up_in_vain(rate):
    rate(refused="3/m")
    client = APIClient(REMOTE_ADDR="192.0.2.9")
    for headers in ({"authorization": "Token nonsense"}, {"x_session_token": "0" * 32}):
        found = [ask(client, "get", "/orders/", **headers).status for _ in range(2)]
    assert found == [401, 429]
    assert statuses(client_of(UserFactory()), times=1) == [200]


def test_orders_are_made_at_a_human_pace(rate):
    rate(order="2/m")
    address = AddressFactory()
    buyer, variant = client_of(address.user), ProductFactory().variants.get()
    found = []
    for _ in range(3):
        cart = ask(buyer, "post", "/cart/lines/", {"variant": str(variant.pk), "quantity": 1}).data
        found.append(ask(buyer, "post", "/checkout/", {"address": str(address.pk), "total": cart["total"]}).status)
    assert found == [201, 201, 429] and Order.objects.count() == 2
    assert statuses(buyer, times=1) == [200], "who has bought enough may still look"


def test_a_refused_request_leaves_its_key_free(rate, settings):
    rate(order="1/m")
    address = AddressFactory()
    buyer, variant = client_of(address.user), ProductFactory().variants.get()
    ask(buyer, "post", "/checkout/", {})
    cart = ask(buyer, "post", "/cart/lines/", {"variant": str(variant.pk), "quantity": 1}).data
    body = {"address": str(address.pk), "total": cart["total"]}
    assert ask(buyer, "post", "/checkout/", body, idempotency_key="k").status == 429
    settings.API_RATES = {**settings.API_RATES, "order": ""}
    assert ask(buyer, "post", "/checkout/", body, idempotency_key="k").status == 201


def test_words_in_a_case_are_limited_and_reading_them_is_not(rate):
    rate(words="2/m")
    order = delivered_order()
    case, buyer = open_case(order), client_of(order.buyer)
    found = [ask(buyer, "post", f"/cases/{case.number}/say/", {"text": f"{n}"}).status for n in range(3)]
    assert found == [200, 200, 429]
    assert ask(buyer, "post", f"/cases/{case.number}/evidence/", {"shows": "x"}).status == 429
    assert ask(buyer, "get", f"/cases/{case.number}/").status == 200


def test_claims_are_limited(rate):
    rate(case="1/h")
    order = delivered_order()
    buyer = client_of(order.buyer)
    body = {"ground": "x", "want": "refund", "text": "x"}
    assert [ask(buyer, "post", f"/orders/{order.number}/cases/", body).status for _ in range(2)] == [400, 429]


def test_signing_in_is_limited_by_address(rate):
    rate(sign_in="2/m")
    client = APIClient(REMOTE_ADDR="192.0.2.7")
    body = {"phone": "12", "password": "x"}
    found = [client.post("/api/v1/auth/login/", body, format="json").status_code for _ in range(3)]
    assert found == [400, 400, 429]


def test_the_description_costs_much_and_is_given_seldom(rate):
    rate(schema="2/m")
    found = [APIClient().get("/api/v1/schema/?format=json").status_code for _ in range(3)]
    assert found == [200, 200, 429]


def test_every_door_is_counted():
    from core.api import Door
    from tests.api.test_schema import api_doors

    assert issubclass(Limits, Door.throttle_classes[0])
    from django.urls import get_resolver

    for path, view in api_doors(get_resolver()):
        assert view.cls.throttle_classes == [Limits], path
        assert view.cls.check_throttles is Door.check_throttles and view.cls.perform_authentication is (
            Door.perform_authentication
        ), path


def test_several_processes_count_together(monkeypatch):
    """A small rate is exact; a great one lets at most a twentieth more through for each further process."""
    monkeypatch.setattr(limits.time, "time", lambda: 1_800_000_010.0)

    def passed(rate: Rate) -> int:
        tables = [limits.OrderedDict() for _ in range(3)]
        found = 0
        for turn in range(rate.amount * 3):
            monkeypatch.setattr(limits, "_counts", tables[turn % 3])
            found += spend(name=f"n{rate.amount}", who="x", rates=[rate]) == 0
        return found

    assert passed(Rate(10, 60)) == 10
    assert 600 <= passed(Rate(600, 60)) <= 600 + 3 * 30


def test_a_look_costs_no_write_and_a_refusal_no_query(django_assert_num_queries):
    spend(name="member", who="x", rates=[Rate(600, 60)])
    with django_assert_num_queries(0):
        for _ in range(20):
            assert spend(name="member", who="x", rates=[Rate(600, 60)]) == 0
    small = [Rate(1, 3600)]
    spend(name="order", who="x", rates=small)
    with django_assert_num_queries(0):
        assert spend(name="order", who="x", rates=small) > 0


def test_a_day_is_counted_for_a_day(monkeypatch):
    """The database's cache would forget what it counts up after five minutes."""
    now = 1_800_000_010.0
    monkeypatch.setattr(limits.time, "time", lambda: now)
    for _ in range(3):
        spend(name="order", who="x", rates=[Rate(3, 86_400)])
    monkeypatch.setattr("time.time", lambda: now)
    key = next(iter(limits._counts))
    assert cache.get(key) == 3 or cache.touch(key, 60)
    limits.forget()
    assert spend(name="order", who="x", rates=[Rate(3, 86_400)]) > 0


@pytest.mark.parametrize(("text", "rates"), [
    ("", []), ("3/s", [Rate(3, 1)]), ("20/m, 200/d", [Rate(20, 60), Rate(200, 86_400)]), ("10/h", [Rate(10, 3_600)]),
])  # fmt: skip
def test_rates_are_read(text, rates):
    assert rates_of(text) == tuple(rates)


@pytest.mark.parametrize("text", ["x", "3", "3/x", "0/m", "-1/m", "3/m/ip", "/m"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(ValueError):
        rates_of(text)


def test_memory_does_not_grow_with_visitors(monkeypatch):
    monkeypatch.setattr(limits, "MOST_KEPT", 100)
    for turn in range(500):
        spend(name="visitor", who=str(turn), rates=[Rate(600, 60)])
    assert len(limits._counts) == 100
