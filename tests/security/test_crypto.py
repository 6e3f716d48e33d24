"""V9, V11: keys, ciphers and signed links."""

from __future__ import annotations

import time
import uuid

import pytest
from django.conf import settings as configured
from django.core import signing
from django.test import Client

from core import clock, sealed
from core.masking import MASK
from core.sealed import NONCE_BYTES, Unsealable, ring, seal, unseal
from escrow.gateways import signing as notices
from escrow.gateways.base import BadSignature
from escrow.models import PayoutAccount

PLACE = "escrow.PayoutAccount.number.1"


def test_asvs_11_3_2_and_11_3_4_the_same_text_never_looks_the_same():
    blobs = {seal(b"6222020200112233445", place=PLACE) for _ in range(200)}
    nonces = {blob[2 + blob[1] : 2 + blob[1] + NONCE_BYTES] for blob in blobs}
    assert len(blobs) == len(nonces) == 200


@pytest.mark.django_db
def test_asvs_11_3_3_what_is_moved_to_another_row_or_column_does_not_open():
    rows = [
        PayoutAccount.objects.create(
            store_id=uuid.uuid4(), bank="ICBC", holder="Lin", number=number, last4=number[-4:], created_at=clock.now()
        )
        for number in ("6222000011112222", "6222000033334444")
    ]
    blobs = [PayoutAccount.objects.get(pk=row.pk).number.blob for row in rows]
    for row, other in zip(rows, reversed(blobs), strict=True):
        PayoutAccount.objects.filter(pk=row.pk).update(number=other)
        with pytest.raises(Unsealable):
            PayoutAccount.objects.get(pk=row.pk).number.open()
    with pytest.raises(Unsealable):
        unseal(blobs[0], place=f"escrow.PayoutAccount.holder.{rows[0].pk}")


def test_asvs_11_2_3_and_11_4_4_each_purpose_has_a_key_of_256_bits_of_its_own():
    keys = [next(iter(ring(purpose).values())) for purpose in ("field", "index:licence", "index:phone")]
    assert len(set(keys)) == 3
    assert {len(key) for key in keys} == {32}


@pytest.mark.parametrize("keys", [["k1:c2hvcnQ"], [], [":" + "A" * 43], ["x" * 17 + ":" + "A" * 43]])
def test_asvs_11_6_1_a_key_that_is_none_is_refused_when_it_is_loaded(settings, keys):
    settings.VAULT_KEYS = keys
    with pytest.raises(ValueError, match="VAULT_KEYS"):
        ring("field")


def test_asvs_11_2_2_a_blob_says_its_version_and_key():
    blob = seal(b"x", place=PLACE)
    assert blob[0] == sealed.VERSION
    assert sealed.key_id_of(blob) == next(iter(ring("field")))
    with pytest.raises(Unsealable):
        unseal(bytes([99]) + blob[1:], place=PLACE)


def test_asvs_11_4_2_passwords_are_hashed_with_argon2():
    from config.people import PASSWORD_HASHERS

    assert PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")


def test_a_sealed_value_gives_nothing_away_in_a_message():
    value = sealed.Sealed(seal(b"6222020200112233445", place=PLACE), PLACE)
    assert "6222" not in f"{value} {value!r} {[value]} {MASK}"


def test_asvs_9_1_1_and_9_2_1_a_notice_is_believed_signed_and_in_time():
    body, secret = b'{"paid": 1}', "a-secret-of-some-length"
    good = notices.sign(body, secret=secret)
    notices.verify(body, header=good, secret=secret)
    late = notices.sign(body, secret=secret, at=time.time() - 2 * notices.TOLERANCE_SECONDS)
    other = notices.sign(body, secret="another-secret")
    for bad in (late, other, "", "0", good.split(",")[0], good[:-1], good.replace("v1", "v0")):
        with pytest.raises(BadSignature):
            notices.verify(body, header=bad, secret=secret)
    with pytest.raises(BadSignature):
        notices.verify(body + b" ", header=good, secret=secret)


def test_asvs_9_2_2_a_token_of_one_purpose_is_none_of_another():
    token = signing.dumps({"user": "a"}, salt="device")
    with pytest.raises(signing.BadSignature):
        signing.loads(token, salt="password-reset")
    assert configured.SECRET_KEY not in token


@pytest.mark.django_db
@pytest.mark.parametrize("cookie", ["x", '"', "a" * 5000, "=;=;", "%00", "gASVCAAAAAAAAACMBHRlc3SULg==", "{}", "é"])
def test_failure_20_a_cookie_of_garbage_is_nobody(cookie):
    visitor = Client(raise_request_exception=False)
    for name in (configured.SESSION_COOKIE_NAME, configured.CSRF_COOKIE_NAME, configured.LANGUAGE_COOKIE_NAME):
        visitor.cookies[name] = cookie
    assert visitor.get("/cart/").status_code == 200
    assert visitor.get("/me/").status_code == 302
