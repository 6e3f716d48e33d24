"""Abuse cases that turn on who somebody is: false staff, staff for themselves, accounts made by the dozen."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.test import Client

from accounts.models import User
from accounts.services.step_up import Act
from accounts.states import Standing
from accounts.views.console_accounts import ACTS
from core import clock
from core.models import AuditEntry
from flows import aftersale
from tests.accounts.letters import code_to
from tests.accounts.proofs import prove
from tests.factories.accounts import MediatorFactory
from tests.stories import actor_of, settle

pytestmark = pytest.mark.django_db
FALSE = "Tashi 平台客服 (Mediator)"


def test_abuse_16_a_name_makes_nobody_staff(scene):
    """Beside each word in a case stands the seat of who said it, never a name that he has given himself."""
    User.objects.filter(pk=scene.buyer.pk).update(name=FALSE)
    aftersale.say(case_id=scene.case.pk, text="Pay me directly", actor=actor_of(scene.buyer), now=clock.now())
    aftersale.say(case_id=scene.case.pk, text="I look at it", actor=actor_of(scene.merchant), now=clock.now())
    for person, path in (
        ("merchant", f"/merchant/cases/{scene.case.number}/"), ("mediator", f"/console/cases/{scene.case.number}/"),
        ("buyer", f"/cases/{scene.case.number}/"),
    ):  # fmt: skip
        page = scene.client(person).get(path, HTTP_ACCEPT_LANGUAGE="en")
        who = [seat_of(text, page.content.decode()) for text in ("Pay me directly", "I look at it")]
        assert who[0] != who[1] and not any(re.search("Tashi|客服|Mediator|调解", seat) for seat in who), (person, who)


def seat_of(text: str, page: str) -> str:
    """What stands above a line of a case."""
    found = re.search(rf'<li(?:(?!<li).)*?<p class="prewrap">{text}', page, re.DOTALL)
    assert found, text
    return re.sub(r"<[^>]+>", " ", found.group().removesuffix(text))


@pytest.mark.parametrize("name", ACTS)
def test_abuse_17_staff_act_on_no_account_of_their_own(client, name):
    staff = MediatorFactory(email="me@example.com")
    User.objects.filter(pk=staff.pk).update(standing=Standing.LIMITED if name == "unfreeze" else Standing.NORMAL)
    client.force_login(staff)
    prove(client, staff, Act("staff_account", target=str(staff.pk)))
    before = list(User.objects.values("standing", "password", "is_active"))
    sent = {"act": name, "reason": "for myself", "contact": "me@example.com"}
    answer = client.post(f"/console/accounts/{staff.pk}/act/", sent)
    if name == "incident":  # as any member may report one; others of the staff look at it
        return
    assert answer.status_code in (403, 404, 409), answer.status_code
    assert list(User.objects.values("standing", "password", "is_active")) == before
    assert not AuditEntry.objects.filter(subject=str(staff.pk), act__startswith="account.").exists()


def test_abuse_19_a_sign_up_brings_nothing_that_is_worth_money(settings):
    def counts() -> dict[str, int]:
        found = [model for name in ("shop", "escrow") for model in apps.get_app_config(name).get_models()]
        return {model.__name__: model._default_manager.count() for model in found}

    before = counts()
    for number in ("+8613900139001", "+8613900139002"):
        client = Client()
        client.post("/accounts/signup/", {"phone": number})
        client.post("/accounts/phone/verify/", {"code": code_to(number)})
        assert client.get("/me/").status_code == 200
    settle()
    assert counts() == before, "no balance, no coupon, no row that somebody could buy with"
