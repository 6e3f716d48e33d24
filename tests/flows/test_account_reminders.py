"""Whether the payout account is still right: asked, put off, never demanded (A5)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Notice
from accounts.states import Standing
from core import clock, deadlines
from core.models import AuditEntry, Deadline
from escrow.models import PayoutAccount
from escrow.queries import account_is_old, payout_account
from escrow.services import account_reminders
from escrow.services.payouts import set_payout_account
from flows import guarding
from tests.factories.accounts import UserFactory
from tests.factories.shop import StoreFactory
from tests.stories import actor_of, settle

pytestmark = pytest.mark.django_db
YEAR = timedelta(days=365)


@pytest.fixture
def store():
    store = StoreFactory()
    set_account(store, clock.now())
    return store


def set_account(store, now, number="6222020200001234"):
    return set_payout_account(
        store_id=store.pk, bank="ICBC", holder="Lin", number=number, actor=actor_of(store.owner), now=now
    )


def is_old(store, after=timedelta()):
    return account_is_old(payout_account(store.pk), now=clock.now() + after)


def asked(store):
    return Notice.objects.filter(user=store.owner, kind="escrow.payout_account_old")


def make_old(store):
    PayoutAccount.objects.filter(store_id=store.pk).update(created_at=clock.now() - YEAR)
    Deadline.objects.filter(kind=account_reminders.KIND).update(due_at=clock.now())


def run():
    deadlines.sweep()
    settle()


def test_a_year_old_account_is_asked_about_once_on_the_site_and_payouts_go_on(store):
    assert not is_old(store) and is_old(store, YEAR)
    run()
    assert not asked(store).exists()
    make_old(store)
    run()
    run()
    assert asked(store).count() == 1 and asked(store).get().url == reverse("merchant:account")
    assert payout_account(store.pk) is not None


def test_kept_it_is_silent_for_a_year_and_on_record(store, client):
    make_old(store)
    client.force_login(store.owner)
    assert b"still-right" in client.get(reverse("merchant:account")).content
    answer = client.post(reverse("merchant:account-keep"), follow=True)
    assert answer.status_code == 200 and b"still-right" not in answer.content
    assert not is_old(store) and is_old(store, YEAR)
    assert AuditEntry.objects.filter(act="payout_account.kept", subject=str(store.pk)).count() == 1
    run()
    assert not asked(store).exists()


def test_another_account_is_young_and_the_old_one_asks_no_more(store):
    make_old(store)
    set_account(store, clock.now(), number="6222020200009999")
    run()
    assert not is_old(store) and not asked(store).exists()


def test_after_an_incident_it_is_asked_at_once(store):
    guarding.change_standing(
        user_id=store.owner_id, to=Standing.LIMITED, actor=actor_of(store.owner), reason="not me", now=clock.now()
    )
    assert is_old(store)
    run()
    assert asked(store).count() == 1


def test_an_operator_may_want_no_reminders(settings):
    settings.PAYOUT_ACCOUNT_REMIND_DAYS = 0
    store = StoreFactory()
    set_account(store, clock.now())
    assert not Deadline.objects.filter(kind=account_reminders.KIND).exists() and not is_old(store, 10 * YEAR)


def test_strangers_and_stores_without_one_keep_nothing(client, store):
    client.force_login(UserFactory())
    client.post(reverse("merchant:account-keep"))
    assert not account_reminders.keep(StoreFactory().pk, actor=actor_of(store.owner), now=clock.now())
    assert not AuditEntry.objects.filter(act="payout_account.kept").exists()
