"""Sealed columns: readable in their own place and nowhere else."""

from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import FieldError

from core import clock, sealed
from escrow.models import PayoutAccount

pytestmark = pytest.mark.django_db
OLD = "old:" + "A" * 43
NEW = "new:" + "B" * 43


def account(number: str = "6222020200112233445") -> PayoutAccount:
    return PayoutAccount.objects.create(
        store_id=uuid.uuid4(), bank="ICBC", holder="Lin", number=number, last4=number[-4:], created_at=clock.now()
    )


def test_the_value_reads_back_and_lies_encrypted():
    row = PayoutAccount.objects.get(pk=account().pk)
    assert row.number.open() == "6222020200112233445"
    assert b"6222" not in row.number.blob
    assert "6222" not in repr(row.number) + str(row.number)


def test_a_blob_from_another_row_does_not_open():
    mine, theirs = account("1111222233334444"), account("5555666677778888")
    PayoutAccount.objects.filter(pk=mine.pk).update(number=PayoutAccount.objects.get(pk=theirs.pk).number.blob)
    with pytest.raises(sealed.Unsealable):
        PayoutAccount.objects.get(pk=mine.pk).number.open()


def test_an_altered_blob_does_not_open():
    row = account()
    blob = bytearray(PayoutAccount.objects.get(pk=row.pk).number.blob)
    blob[-1] ^= 1
    PayoutAccount.objects.filter(pk=row.pk).update(number=bytes(blob))
    with pytest.raises(sealed.Unsealable):
        PayoutAccount.objects.get(pk=row.pk).number.open()


def test_plain_text_cannot_slip_past_the_seal():
    row = account()
    with pytest.raises(FieldError):
        PayoutAccount.objects.filter(pk=row.pk).update(number="plain")
    with pytest.raises(FieldError):
        PayoutAccount.objects.filter(number="6222020200112233445").exists()


def test_a_deferred_column_still_opens():
    row = PayoutAccount.objects.defer("number").get(pk=account().pk)
    assert row.number.open() == "6222020200112233445"


def test_a_new_key_writes_and_the_old_one_still_reads(settings):
    settings.VAULT_KEYS = [OLD]
    first = account()
    settings.VAULT_KEYS = [NEW, OLD]
    second = account()
    rows = PayoutAccount.objects.in_bulk([first.pk, second.pk])
    assert sealed.key_id_of(rows[first.pk].number.blob) == "old"
    assert sealed.key_id_of(rows[second.pk].number.blob) == "new"
    assert rows[first.pk].number.open() == rows[second.pk].number.open()
    settings.VAULT_KEYS = [NEW]
    with pytest.raises(sealed.Unsealable):
        PayoutAccount.objects.get(pk=first.pk).number.open()


def test_saving_an_unopened_value_keeps_it():
    row = PayoutAccount.objects.get(pk=account().pk)
    row.holder = "Lin Xiao"
    row.save()
    assert PayoutAccount.objects.get(pk=row.pk).number.open() == "6222020200112233445"
