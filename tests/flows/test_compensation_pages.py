"""Making something good at the desk: who sees what, what asks for a proof, and what the member reads of it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.services.step_up import staff_money
from core import clock
from core.money import Money
from escrow.ledger import account, balance
from escrow.models import Compensation
from escrow.queries import books
from flows import compensation
from tests.accounts.letters import code_to
from tests.accounts.proofs import confirm_page, prove
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.shop import StoreFactory
from tests.flows.test_compensation import bought, good
from tests.stories import actor_of, settle

pytestmark = [pytest.mark.django_db, pytest.mark.money, pytest.mark.usefixtures("compensation_limits")]


def desk(person):
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(person)
    return client


def there(incident):
    return reverse("console:compensation", args=[incident.pk])


def wish(store, amount="40.00", number=1):
    return {"place": f"store:{store.pk}", "amount": amount, "reason": "Our mistake.", "number": number}


def on_balance(store):
    return balance(account(f"merchant:{store.pk}:CNY"))


def test_it_asks_who_is_there_and_what_was_typed_goes_along(incident, staff, store):
    client = desk(staff)
    page = client.get(there(incident))
    assert page.status_code == 200 and f"Balance of {store.name_en}" in page.content.decode()
    asked = client.post(there(incident), wish(store))
    assert asked.status_code == 403 and not Compensation.objects.exists() and on_balance(store) == 0
    done = confirm_page(client, asked, to=staff.phone)
    assert done.status_code == 302 and done.url == reverse("console:incident", args=[incident.pk])
    assert on_balance(store) == 4_000 and books().balanced
    assert code_to(staff.phone)


def test_a_proof_of_another_amount_or_place_makes_nothing_good(incident, staff, store):
    client, place = desk(staff), f"{incident.pk}:1:store:{store.pk}"
    prove(client, staff, staff_money("compensation", place, Money(4_001)))
    prove(client, staff, staff_money("compensation", f"{incident.pk}:2:store:{store.pk}", Money(4_000)))
    prove(client, staff, staff_money("compensation", f"{incident.pk}:1:store:{StoreFactory().pk}", Money(4_000)))
    assert client.post(there(incident), wish(store)).status_code in (403, 429)
    assert not Compensation.objects.exists() and on_balance(store) == 0


def test_the_same_page_sent_twice_pays_once(incident, staff, store):
    client, act = desk(staff), staff_money("compensation", f"{incident.pk}:1:store:{store.pk}", Money(4_000))
    for _time in range(2):
        prove(client, staff, act)
    assert client.post(there(incident), wish(store)).status_code == 302
    again = client.post(there(incident), wish(store))
    assert again.status_code == 422 and "form-errors" in again.content.decode()
    assert on_balance(store) == 4_000 and Compensation.objects.count() == 1


def test_a_second_of_the_staff_agrees_on_the_page_and_the_first_has_no_button(incident, staff, store):
    row, second = good(incident, staff, 8_000, store=store), MediatorFactory(language="en")
    page = reverse("console:incident", args=[incident.pk])
    first = desk(staff).get(page).content.decode()
    assert "Waiting for a second pair of eyes" in first and "Agree to" not in first
    client, yes = desk(second), reverse("console:compensation-approve", args=[row.pk])
    assert "Agree to ¥80.00" in client.get(page).content.decode()
    asked = client.post(yes)
    assert asked.status_code == 403 and on_balance(store) == 0
    assert confirm_page(client, asked, to=second.phone).status_code == 302
    assert on_balance(store) == 8_000 and books().balanced
    prove(desk(staff), staff, staff_money("compensation.approve", row.pk, row.amount))
    own = desk(staff)
    prove(own, staff, staff_money("compensation.approve", row.pk, row.amount))
    assert own.post(yes).status_code in (403, 409) and on_balance(store) == 8_000


def test_one_turned_down_says_why_to_staff_and_nothing_to_the_member(incident, staff, store, lin):
    row = good(incident, staff, 8_000, store=store)
    client = desk(MediatorFactory(language="en"))
    no = reverse("console:compensation-refuse", args=[row.pk])
    assert client.post(no, {"reason": "too much for this"}).status_code == 302
    page = reverse("console:incident", args=[incident.pk])
    told = client.get(page).content.decode()
    assert "too much for this" in told and "Not approved" in told
    mine = desk(lin).get(reverse("accounts:incident", args=[incident.pk])).content.decode()
    assert "too much for this" not in mine and "¥80.00" not in mine and on_balance(store) == 0


def test_the_member_reads_what_was_made_good_where_it_went_and_in_the_closed_incident_too(incident, staff, store, lin):
    hold = bought(lin)
    good(incident, staff, 4_000, store=store)
    good(incident, staff, 500, number=2, hold=hold, reason="The fee of the bank.")
    good(incident, staff, 9_000, number=3, store=store)
    settle()
    page = reverse("accounts:incident", args=[incident.pk])
    told = desk(lin).get(page).content.decode()
    assert "What we make good to you" in told and f"balance of {store.name_en}" in told
    assert "¥40.00" in told and "The fee of the bank." in told and "back as it was paid" in told
    assert "¥45.00" in told, "together"
    assert "¥90.00" not in told, "what waits for a second person is not promised"
    compensation.refuse(
        compensation_id=Compensation.objects.latest("pk").pk, reason="no", actor=actor_of(staff), now=clock.now()
    )
    compensation.close_incident(
        incident_id=incident.pk, closing="A copied cookie.", compensation="", actor=actor_of(staff), now=clock.now()
    )
    told = desk(lin).get(page).content.decode()
    assert "A copied cookie." in told and "¥45.00" in told
    closed = desk(staff).get(there(incident)).content.decode()
    assert "The incident is closed." in closed and "Make it good" not in closed
    assert books().balanced


def test_where_there_is_nowhere_to_pay_to_the_page_says_so(incident, staff):
    told = desk(staff).get(there(incident)).content.decode()
    assert "There is nowhere to pay to" in told and "Make it good" not in told


@pytest.mark.parametrize("change", [
    {"amount": ""}, {"amount": "0"}, {"amount": "-1"}, {"amount": "1e3"}, {"amount": "4.001"}, {"amount": "9" * 30},
    {"reason": ""}, {"reason": " "}, {"number": ""}, {"number": "x"}, {"number": "0"}, {"place": "store:x"},
    {"place": ""}, {"place": "payment:00000000-0000-0000-0000-000000000000"}, {"amount": "200.01"},
])  # fmt: skip
def test_bad_input_stands_at_its_field_and_pays_nothing(incident, staff, store, change):
    answer = desk(staff).post(there(incident), {**wish(store), **change})
    assert answer.status_code == 422 and not Compensation.objects.exists() and on_balance(store) == 0


def test_the_desks_addresses_are_staffs_alone_and_change_nothing_by_a_look(incident, staff, store, lin):
    row = good(incident, staff, 8_000, store=store)
    yes, no = (reverse(f"console:compensation-{act}", args=[row.pk]) for act in ("approve", "refuse"))
    for person in (lin, UserFactory()):
        assert desk(person).get(there(incident)).status_code == 404
        for address in (there(incident), yes, no):
            assert desk(person).post(address, wish(store)).status_code == 404
    assert desk(staff).get(yes).status_code == 405 and desk(staff).get(no).status_code == 405
    assert desk(staff).post(reverse("console:compensation-approve", args=[999_999])).status_code == 404
    row.refresh_from_db()
    assert row.status == "approval" and on_balance(store) == 0
