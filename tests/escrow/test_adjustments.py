"""Corrections of the books: one proposes, another signs, and only then money moves; merchants and escrow never."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.services.step_up import digest_of, staff_money
from core import clock
from core.errors import NotFound
from core.models import AuditEntry
from core.money import Money
from escrow.errors import AlreadyDecided, BadAdjustment, NeedsAnother
from escrow.ledger import account, balance
from escrow.models import Adjustment, Transfer, TransferKind
from escrow.queries import books
from escrow.services import adjustments
from tests.accounts.proofs import prove_me
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.escrow import held
from tests.stories import actor_of

pytestmark = [pytest.mark.django_db, pytest.mark.money]
PROVIDER = "provider:sandbox:CNY"


@pytest.fixture
def one():
    held(10_000)
    return MediatorFactory()


@pytest.fixture
def other():
    return MediatorFactory()


def propose(person, *, debit=PROVIDER, credit="rounding:CNY", minor=3, reason="a cent too many"):
    return adjustments.propose(
        debit=debit, credit=credit, amount=Money(minor), reason=reason, actor=actor_of(person), now=clock.now()
    )


def sign(row, person):
    return adjustments.sign(adjustment_id=row.pk, actor=actor_of(person), now=clock.now())


def refuse(row, person):
    return adjustments.refuse(adjustment_id=row.pk, actor=actor_of(person), now=clock.now())


def agree():
    assert books().discrepancies == []


def test_it_is_posted_when_another_has_signed(one, other):
    row = propose(one)
    assert not Transfer.objects.filter(kind=TransferKind.ADJUST).exists()
    agree()
    sign(row, other)
    assert balance(account("rounding:CNY")) == 3
    assert balance(account(PROVIDER)) == -10_003
    acts = AuditEntry.objects.filter(subject_type="adjustment").order_by("id")
    assert list(acts.values_list("act", "user_id")) == [
        ("adjustment.proposed", one.pk), ("adjustment.signed", other.pk)
    ]  # fmt: skip
    agree()


def test_nobody_signs_his_own(one):
    row = propose(one)
    with pytest.raises(NeedsAnother):
        sign(row, one)
    with pytest.raises(IntegrityError), transaction.atomic():
        Adjustment.objects.filter(pk=row.pk).update(signed_by=one.pk, signed_at=clock.now())
    agree()


@pytest.mark.parametrize("first", [sign, refuse])
def test_it_is_decided_once(one, other, first):
    row = propose(one)
    first(row, other)
    for again in (sign, refuse):
        with pytest.raises(AlreadyDecided):
            again(row, other)
    assert Transfer.objects.filter(kind=TransferKind.ADJUST).count() == (first is sign)
    agree()


def test_its_author_may_take_it_back(one, other):
    row = propose(one)
    refuse(row, one)
    with pytest.raises(AlreadyDecided):
        sign(row, other)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"debit": "escrow:CNY"}, "debit"),
        ({"debit": "merchant"}, "debit"),
        ({"credit": "nothing:CNY"}, "credit"),
        ({"credit": "provider:nobody:CNY"}, "credit"),
        ({"credit": PROVIDER}, "credit"),
        ({"credit": "rounding:USD"}, "credit"),
        ({"minor": 0}, "amount"),
        ({"reason": " "}, "reason"),
    ],
)
def test_what_may_not_be_corrected_is_refused(one, wrong, field):
    if wrong.get("debit") == "merchant":
        wrong = {"debit": held(5).merchant.key}
    with pytest.raises(BadAdjustment) as refusal:
        propose(one, **wrong)
    assert field in refusal.value.fields
    agree()


def test_only_staff_may(one):
    stranger = UserFactory()
    with pytest.raises(NotFound):
        propose(stranger)
    row = propose(one)
    for verb in (sign, refuse):
        with pytest.raises(NotFound):
            verb(row, stranger)


def test_a_signed_one_without_its_transfer_is_noticed(one):
    row = propose(one)
    Adjustment.objects.filter(pk=row.pk).update(signed_by=MediatorFactory().pk, signed_at=clock.now())
    assert any("adjustment without exactly its transfer" in line for line in books().discrepancies)


def test_two_people_at_the_console(client, one, other):
    client.cookies["django_language"] = "en"
    client.force_login(one)
    url = reverse("console:corrections")
    form = {"debit": PROVIDER, "credit": "rounding:CNY", "amount": "0.03", "reason": "a cent too many"}
    assert client.post(url, {**form, "credit": PROVIDER}).status_code == 422
    assert client.post(url, {**form, "amount": "-1"}).status_code == 422
    assert client.post(url, form).status_code == 403 and not Adjustment.objects.exists(), "it asks who is there"
    wish = staff_money("correction", digest_of(PROVIDER, "rounding:CNY"), Money(3, "CNY"))
    prove_me(client, wish)
    assert client.post(url, form).status_code == 302
    row = Adjustment.objects.get()
    page = client.get(url).content.decode()
    assert "Waits for another person" in page and "Sign ¥0.03" not in page
    client.force_login(other)
    assert "Sign ¥0.03" in client.get(url).content.decode()
    prove_me(client, staff_money("correction.sign", row.pk))
    client.post(reverse("console:correction-sign", args=[row.pk]))
    assert balance(account("rounding:CNY")) == 3
    prove_me(client, wish)
    client.post(url, form)
    client.post(reverse("console:correction-refuse", args=[Adjustment.objects.latest("pk").pk]))
    assert Adjustment.objects.latest("pk").refused_at
    agree()
