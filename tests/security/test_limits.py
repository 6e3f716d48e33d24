"""2.4.1: what costs or can be abused is counted, by member, device, address and neighbourhood, and said in words."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from core import limits, page_limits
from core.doors import methods_of
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
SEARCH = "/search/?q=tea"


@pytest.fixture
def rate(settings, monkeypatch):
    """Sets the rates of one name, in a window that does not end while the test runs."""
    monkeypatch.setattr(limits.time, "time", lambda: 1_800_000_010.0)

    def change(name: str, **by: str) -> None:
        settings.PAGE_RATES = {**settings.PAGE_RATES, name: by}

    return change


def statuses(client: Client, path: str = SEARCH, times: int = 4, **more: str) -> list[int]:
    return [client.get(path, **more).status_code for _ in range(times)]


def names_of(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every door's whole name, with its methods."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from names_of(pattern, inner)
        elif pattern.name:
            yield f"{space}{pattern.name}", methods_of(pattern.callback)


def test_every_limited_door_exists_and_takes_that_method():
    named = dict(names_of(get_resolver()))
    for (name, method), rate in configured.PAGE_LIMITS.items():
        assert rate in configured.PAGE_RATES
        assert name in named
        assert not named[name] or method in named[name], (name, method)


def test_every_rate_can_be_read():
    for by in configured.PAGE_RATES.values():
        assert set(by) <= {"member", "device", "address", "prefix"}
        for text in by.values():
            assert limits.rates_of(text)


def test_asvs_2_4_1_over_the_rate_a_page_says_when_to_come_again(rate):
    rate("search", address="3/m")
    client = Client(headers={"accept-language": "en"})
    assert statuses(client) == [200, 200, 200, 429]
    answer = client.get(SEARCH)
    assert re.search(r"Try again in \d+ seconds\.", answer.content.decode())
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    told = client.get(SEARCH, headers={"accept": "application/json"})
    assert (told.status_code, told.json()["code"]) == (429, "too_many")


def test_asvs_2_4_1_a_member_has_one_rate_wherever_he_is(rate):
    rate("search", member="2/m")
    user = UserFactory()
    found = []
    for number in range(4):
        client = Client(REMOTE_ADDR=f"192.0.{number}.9")
        client.force_login(user)
        found.append(client.get(SEARCH).status_code)
    assert found == [200, 200, 429, 429]
    other = Client()
    other.force_login(UserFactory())
    assert statuses(other, times=1) == [200]


def test_asvs_2_4_1_neighbours_share_a_rate_and_strangers_do_not(rate):
    rate("search", prefix="2/m")
    assert [Client(REMOTE_ADDR=f"192.0.2.{n}").get(SEARCH).status_code for n in range(3)] == [200, 200, 429]
    assert Client(REMOTE_ADDR="192.0.3.1").get(SEARCH).status_code == 200
    assert [Client(REMOTE_ADDR=f"2001:db8:1:{n}::1").get(SEARCH).status_code for n in range(3)] == [200, 200, 429]
    assert Client(REMOTE_ADDR="2001:db8:2::1").get(SEARCH).status_code == 200


def test_asvs_2_4_1_a_device_is_counted_for_itself(rate, rf):
    rate("code", device="2/m")
    waits = []
    for device in (1, 1, 1, 2):
        request = rf.post("/", REMOTE_ADDR=f"192.0.{len(waits)}.1")
        request.user, request.device_id = AnonymousUser(), uuid.UUID(int=device)
        waits.append(page_limits.spend(request, "code") > 0)
    assert waits == [False, False, True, False]


def test_asvs_4_1_3_nobody_writes_himself_another_address(rate):
    rate("search", address="2/m")
    found = [Client().get(SEARCH, headers={"x-forwarded-for": f"1.2.3.{n}"}).status_code for n in range(4)]
    assert found == [200, 200, 429, 429]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("account_request_login_code", {"login": "13900000000"}),
        ("account_reset_password", {"email": "a@example.com"}),
        ("account_signup", {"phone": "13900000000"}),
    ],
)
def test_asvs_2_4_1_codes_are_not_sent_without_end(rate, name, body):
    """Whatever number is asked for: it is the sender's address that is counted."""
    rate("code", address="3/h")
    client = Client()
    found = [client.post(reverse(name), {**body, "login": f"1390000000{n}"}).status_code for n in range(5)]
    assert found[3:] == [429, 429]
    assert 429 not in found[:3]


def test_asvs_2_4_1_exports_cases_and_uploads_are_counted(rate, scene):
    rate("export", member="1/m")
    rate("case", member="1/h")
    rate("upload", member="1/m")
    merchant, buyer = scene.client("merchant"), scene.client("buyer")
    assert statuses(merchant, reverse("merchant:orders-export"), 2) == [200, 429]
    case = reverse("disputes:case-new", args=[scene.unpaid.number])
    assert [buyer.post(case, {}).status_code for _ in range(2)][1] == 429
    assert buyer.get(case).status_code != 429, "a look is not a case"
    evidence = reverse("disputes:case-evidence", args=[scene.case.number])
    assert [buyer.post(evidence, {}).status_code for _ in range(2)][1] == 429


def test_asvs_16_3_3_a_limit_that_was_hit_is_told(rate, logbook):
    rate("search", address="1/m")
    statuses(Client(), times=2)
    assert logbook.named("limit.hit")[-1]["limit"] == "search"


def test_the_page_of_limits_says_what_the_code_does():
    call_command("security_tables", check=True)
