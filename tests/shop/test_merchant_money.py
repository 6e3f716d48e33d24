"""The merchant's money pages, home and settings: numbers that add up, and an account nobody can read back."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from core import clock
from core.exports import safe_cell
from escrow.models import Payout, PayoutAccount
from flows import release
from logistics.queries import carriers_for, default_carrier
from shop.models import Store
from tests.accounts.proofs import confirm_page
from tests.factories.accounts import UserFactory
from tests.factories.escrow import payout_account
from tests.factories.logistics import CarrierFactory
from tests.factories.shop import ProductFactory, StoreFactory
from tests.stories import buyer_of, delivered_order, open_case, paid_order, sandbox_carrier, settle, wait

pytestmark = pytest.mark.django_db
MONEY = "/merchant/money/"
SETTINGS = "/merchant/settings/"
ACCOUNT = "/merchant/settings/account/"
HOME = "/merchant/"


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def store(client):
    found = StoreFactory()
    client.cookies["django_language"] = "en"
    client.force_login(found.owner)
    return found


@pytest.fixture
def variant(store):
    return ProductFactory(store=store, price_minor=10_000, stock=50).variants.get()


def released(variant):
    order = delivered_order(variant=variant)
    release.confirm_receipt(order_id=order.pk, actor=buyer_of(order), now=clock.now())
    return order


def amounts(answer, key="tiles"):
    return [tile["amount"].minor for tile in answer.context[key]]


def with_account(client):
    data = {"bank": "Bank of Hangzhou", "holder": "Hillside Tea", "number": "6222020200001234567"}
    owner = User.objects.get(pk=client.session["_auth_user_id"])
    return confirm_page(client, client.post(ACCOUNT, data), to=owner.phone)


# --- money ------------------------------------------------------------------------------------------------------------


def test_the_numbers_add_up_and_show_what_stands_behind_them(client, variant):
    held, done = paid_order(variant=variant), released(variant)
    frozen = open_case(paid_order(variant=variant)).order
    answer = client.get(MONEY)
    assert amounts(answer) == [10_000, 10_000, 0, 9_500, 29_500]
    behind = {part["key"]: [row["order"].number for row in part["rows"]] for part in answer.context["behind"]}
    assert behind == {"held": [held.number], "frozen": [frozen.number]}
    text = answer.content.decode()
    assert done.number in text
    assert "¥100.00 − fee ¥5.00" in text
    assert "You cannot be paid yet" in text
    assert amounts(client.get(HOME), "money") == [10_000, 10_000, 0, 9_500, 29_500]


def test_a_payout_shows_its_way_and_its_reference(client, variant):
    with_account(client)
    released(variant)
    settle()  # the payout is planned
    wait(hours=25)
    payout = Payout.objects.get()
    text = client.get(MONEY).content.decode()
    assert "Bank of Hangzhou ·4567" in text
    assert "6222020200001234567" not in text
    assert payout.gateway_ref in text
    assert "You cannot be paid yet" not in text


def test_lists_of_an_empty_store_teach(client, store):
    text = client.get(MONEY).content.decode()
    for words in ("Nothing is held.", "Nothing is frozen.", "No payout yet.", "Nothing has been released to you yet."):
        assert words in text


def test_filters_leave_the_balances_as_they_are_and_bad_ones_are_no_error(client, variant):
    first, second = released(variant), released(variant)
    every = client.get(MONEY).context["page"].object_list
    assert [line.balance.minor for line in every] == [19_000, 9_500]
    one = client.get(MONEY, {"order_number": second.number}).context["page"].object_list
    assert [(line.order_number, line.balance.minor) for line in one] == [(second.number, 19_000)]
    assert client.get(MONEY, {"kind": "payout"}).context["page"].object_list == []
    assert "No movement fits" in client.get(MONEY, {"kind": "payout"}).content.decode()
    bad = client.get(MONEY, {"kind": "x", "since": "yesterday", "page": "-3"})
    assert bad.status_code == 200
    assert len(bad.context["page"].object_list) == 2
    assert client.get(MONEY, {"order_number": "\x00"}).context["page"].object_list == []  # an unreadable letter
    assert first.number in client.get(MONEY).content.decode()


def test_the_statement_is_the_account_as_filtered(client, variant):
    first, second = released(variant), released(variant)
    answer = client.get(reverse("merchant:money-export"), {"order_number": second.number})
    text = answer.content.decode("utf-8-sig")
    assert second.number in text
    assert first.number not in text
    assert ",95.00,CNY,190.00," in text


def test_money_of_another_store_is_not_here(client, store):
    order = released(ProductFactory().variants.get())
    assert order.number not in client.get(MONEY).content.decode()
    assert order.number not in client.get(reverse("merchant:money-export")).content.decode()
    assert amounts(client.get(MONEY)) == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r", "\n=", " =", "＝", "＋", "－", "＠"])
def test_no_cell_becomes_a_formula(start):
    assert safe_cell(f"{start}1+1").startswith("'")


def test_numbers_stay_numbers():
    assert [safe_cell(cell) for cell in ("-12.50", 7, None, "", "AB-1")] == ["-12.50", "7", "", "", "AB-1"]


# --- home -------------------------------------------------------------------------------------------------------------


def test_home_shows_todays_work(client, variant):
    paid_order(variant=variant)
    open_case(paid_order(variant=variant))
    ProductFactory(store=variant.product.store, stock=0, in_stock=False)
    tiles = {tile["label"]: tile for tile in client.get(HOME).context["tiles"]}
    assert {label: tile["value"] for label, tile in tiles.items()} == {
        "To ship": 1, "To answer": 1, "Waiting for the buyer": 0, "Sold out": 1,
    }  # fmt: skip
    assert tiles["To answer"]["note"].startswith("next by")
    for tile in tiles.values():
        assert client.get(tile["url"]).status_code == 200


def test_the_list_of_first_steps_goes_when_all_is_done(client, store, variant):
    before = client.get(HOME)
    assert {str(step.label): step.done for step in before.context["todo"]} == {
        "Payout account": False, "Carriers": False, "Return policy": True, "First product": True,
    }  # fmt: skip
    assert "2 of 4 done" in before.content.decode()
    sandbox_carrier(store.pk)
    with_account(client)
    assert client.get(HOME).context["todo"] == []


# --- settings ---------------------------------------------------------------------------------------------------------


def test_an_account_is_kept_and_shown_masked(client, store):
    assert with_account(client).status_code == 302
    account = PayoutAccount.objects.get(store_id=store.pk, is_active=True)
    assert account.last4 == "4567"
    text = client.get(SETTINGS).content.decode()
    assert "•••• 4567" in text
    assert "6222020200001234567" not in text
    assert "Hillside Tea" not in text.replace(str(store), "")


def test_a_changed_account_is_shown_as_not_in_use_yet_until_it_is(client, store):
    payout_account(store.pk)
    assert "In use since" in client.get(SETTINGS).content.decode(), "the first is used at once"
    clock.advance_sandbox(timedelta(hours=1))
    with_account(client)
    for page in (SETTINGS, ACCOUNT):
        text = client.get(page).content.decode()
        assert "Changed: in use from" in text and "In use since" not in text, page
        assert "/me/incidents/new/" in text, page
    wait(hours=73)
    client.force_login(store.owner)
    for page in (SETTINGS, ACCOUNT):
        text = client.get(page).content.decode()
        assert "In use since" in text and "Changed: in use from" not in text, page


def test_an_account_that_cannot_be_one_is_refused_and_stays_typed(client, store):
    data = {"bank": "Bank of Hangzhou", "holder": "Hillside Tea", "number": "12 34"}
    answer = client.post(ACCOUNT, data)
    assert answer.status_code == 422
    assert "Bank of Hangzhou" in answer.content.decode()
    assert not PayoutAccount.objects.exists()


def test_carriers_and_policy_are_saved_without_touching_the_account(client, store):
    first, second = CarrierFactory(), CarrierFactory()
    data = {
        "carriers": [second.code, first.code],
        "return_policy": "七天无理由",
        "return_policy_en": "7",
    }
    assert client.post(SETTINGS, data).status_code == 302
    assert {carrier.code for carrier in carriers_for(store.pk)} == {first.code, second.code}
    preferred = default_carrier(store.pk)
    client.post(SETTINGS, {**data, "carriers": [first.code, second.code]})
    assert default_carrier(store.pk) == preferred  # ticking a box does not change whom one ships with first
    fresh = Store.objects.get(pk=store.pk)
    assert (fresh.return_policy, fresh.return_policy_en) == ("七天无理由", "7")
    for bad in ({**data, "carriers": ["nobody"]}, {**data, "return_policy": ""}):
        assert client.post(SETTINGS, bad).status_code == 422
    assert Store.objects.get(pk=store.pk).return_policy == "七天无理由"


def test_settings_of_a_stranger_stay_his(client, store):
    other = StoreFactory(owner=UserFactory())
    with_account(client)
    assert not PayoutAccount.objects.filter(store_id=other.pk).exists()
