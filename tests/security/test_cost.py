"""What the account layer costs: little at a login, two queries of a page, nothing for what lies sealed in a list."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.signals import user_logged_in
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import TotpSecret
from core import sealed
from escrow.models import PayoutAccount
from tests.accounts.letters import through
from tests.accounts.test_factors import with_app
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.escrow import payout_account

pytestmark = pytest.mark.django_db
# What a page is about is no layer: what its header shows (cart, inbox, store, announcements), addresses on theirs.
TABLES = r"django_session|accounts_(?!notice|announcement|address)\w+|account_\w+|mfa_\w+|socialaccount_\w+"
OURS = re.compile(rf'(?:FROM|INTO|UPDATE) "({TABLES})"')
PAGES = (
    "/",
    "/search/?q=tea",
    "/cart/",
    "/orders/",
    "/me/coupons/",
    "/merchant/",
    "/merchant/orders/",
    "/merchant/money/",
)


def asked_of_accounts(client: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200, path
    tables = [OURS.search(row["sql"]) for row in asked if '"accounts_notice"' not in row["sql"]]
    return [found[1] for found in tables if found]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_two_things_of_the_account_layer(scene, path):
    """The session and the member; device, standing, factor and life of the session ask nothing more."""
    client = Client()
    person = scene.merchant if "merchant" in path else scene.buyer
    answer = client.post("/accounts/login/", {"login": person.phone, "password": PASSWORD})
    through(client, answer)
    client.get(path)  # what is written once a session is written
    assert asked_of_accounts(client, path) == ["django_session", "accounts_user"]


@pytest.mark.parametrize("path", ["/", "/search/?q=tea", "/cart/"])
def test_a_visitor_costs_the_account_layer_nothing(scene, path):
    assert asked_of_accounts(Client(), path) == []


def test_a_login_with_its_device_check_asks_twelve_things(client):
    """Without the counters of limits, which lie in Redis, or in a table where there is one machine."""
    user_logged_in.disconnect(dispatch_uid="tests.fresh")  # what tests note at a login is not asked of members
    user = UserFactory(phone="+8613900139000")
    sent = {"login": user.phone, "password": PASSWORD}
    through(client, client.post("/accounts/login/", sent))
    client.post("/accounts/logout/")
    with CaptureQueriesContext(connection) as asked:
        assert client.post("/accounts/login/", sent).url == "/"
    own = [row["sql"] for row in asked if '"cache"' not in row["sql"] and "SAVEPOINT" not in row["sql"]]
    assert any('"accounts_device"' in sql for sql in own), "the device was looked at"
    assert len(own) <= 12, "\n".join(own)


@pytest.fixture
def opened(monkeypatch):
    """Each value that is opened."""
    found: list[int] = []
    real = sealed.unseal

    def counted(*args, **more):
        found.append(1)
        return real(*args, **more)

    monkeypatch.setattr(sealed, "unseal", counted)
    return found


def test_lists_open_nothing_that_is_sealed(scene, opened):
    """Payout accounts, pick-up codes, card keys, papers and applications lie in these lists."""
    if not PayoutAccount.objects.filter(store_id=scene.order.store_id).exists():
        payout_account(scene.order.store_id)
    with_app(scene.buyer)
    opened.clear()
    for person, paths in {
        "buyer": ("/orders/", "/me/", "/me/security/", "/me/devices/"),
        "merchant": (
            "/merchant/", "/merchant/orders/", "/merchant/documents/", "/merchant/money/", "/merchant/products/",
        ),
        "mediator": (
            "/console/applications/", "/console/stores/", "/console/accounts/", "/console/payouts/", "/console/cases/",
            f"/console/accounts/{scene.buyer.pk}/",
        ),
    }.items():  # fmt: skip
        client = scene.client(person)
        for path in paths:
            assert client.get(path).status_code == 200, path
            assert not opened, path


def test_the_counter_of_what_is_opened_counts(scene, opened):
    with_app(scene.buyer)
    opened.clear()
    assert TotpSecret.objects.get(pk=scene.buyer.pk).secret.open()
    assert opened == [1]
