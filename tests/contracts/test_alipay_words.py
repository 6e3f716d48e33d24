"""Alipay's amounts, numbers and signatures: for all sizes, and for answers read otherwise than they were signed."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as some

from core.money import MAX_MINOR, Money
from escrow.fakepay.alipay import words as theirs
from escrow.gateways.alipay import signing, words
from escrow.gateways.base import BadSignature, Refused

PRIVATE, PUBLIC = theirs.key_pair("alipay")
NAME = "alipay_trade_query_response"
KIND = "PRIVATE" + " KEY"
keys = some.from_regex(r"\A[a-z]{1,9}(:[0-9a-f]{1,9}(-[0-9a-f]{1,9}){0,4}){0,3}\Z")


@given(some.integers(1, MAX_MINOR))
def test_yuan_and_back_for_all_sizes(minor):
    text = words.yuan(Money(minor))
    assert re.fullmatch(r"\d+\.\d\d", text)
    assert words.money(text) == Money(minor)
    assert theirs.fen(text) == minor


@given(some.integers(-MAX_MINOR, MAX_MINOR))
def test_what_they_write_is_read_to_the_fen(minor):
    assert words.money(theirs.yuan(minor)).minor == minor


@pytest.mark.parametrize(("text", "minor"), [("0.01", 1), ("1", 100), ("1.5", 150), ("88.88", 8_888), ("0.00", 0)])
def test_short_forms(text, minor):
    assert words.money(text) == Money(minor)


@pytest.mark.parametrize(
    "text", ["", "1.", ".5", "1.005", "1e2", "1,000.00", "１.00", "NaN", "0x1", " 1.00", None, 1.005]
)
def test_what_is_no_amount(text):
    with pytest.raises(ValueError, match="not an amount"):
        words.money(text)


@pytest.mark.parametrize("amount", [Money(0), Money(-1), Money(100, "USD"), Money(100, "JPY")])
def test_only_something_in_yuan_is_sent(amount):
    with pytest.raises(Refused):
        words.yuan(amount)


@given(some.lists(keys | some.text(max_size=90), unique=True, max_size=20))
def test_every_key_has_a_number_of_its_own(several):
    numbers = [words.word(key) for key in several]
    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch(r"[0-9A-Za-z_]{1,64}", number) for number in numbers)


def test_our_usual_keys_stay_readable():
    assert words.word("refund:12:2") == "refund_12_2"
    assert words.word("payment:0a1b-22") == "payment_0a1b__22"


def test_times_are_those_of_china():
    at = datetime(2026, 11, 28, 16, 30, tzinfo=UTC)
    assert words.stamp(at) == "2026-11-29 00:30:00"
    assert words.instant("2026-11-29 00:30:00") == at


# --- answers ----------------------------------------------------------------------------------------------------------


def read(raw: bytes | str, *names: str):
    text = raw.decode() if isinstance(raw, bytes) else raw
    return signing.signed_node(text, names=names or (NAME, "error_response"), key=signing.public_key(PUBLIC))


def sealed(text: str, **more: str) -> str:
    """An answer around this very text, signed."""
    parts = {NAME: text, "sign": json.dumps(theirs.sign(text, pem=PRIVATE)), **more}
    return "{" + ",".join(f'"{name}":{part}' for name, part in parts.items()) + "}"


@pytest.mark.parametrize(
    "text",
    [
        '{"code":"10000","msg":"Success"}',
        '{ "code" : "10000" ,\n "msg":"} , \\"sign\\": \\" {"}',
        '{"b":"\\u652f\\u4ed8","a":"支付","n":1.50,"url":"http:\\/\\/a\\/b"}',
        '{"subject":"\\"alipay_trade_query_response\\":{\\"code\\":\\"10000\\"}"}',
    ],
)
def test_the_very_text_is_verified(text):
    assert read(sealed(text)) == json.loads(text, parse_float=str, parse_int=str)


def test_a_signature_from_before_the_slashes_were_escaped():
    plain = '{"url":"http://a/b"}'
    answer = f'{{"{NAME}":{plain.replace("/", chr(92) + "/")},"sign":"{theirs.sign(plain, pem=PRIVATE)}"}}'
    assert read(answer) == {"url": "http://a/b"}


def test_amounts_never_become_floats():
    assert read(sealed('{"total_amount":0.10,"count":7}')) == {"total_amount": "0.10", "count": "7"}


def test_what_is_not_signed_by_them():
    good = sealed('{"code":"10000","total_amount":"1.00"}')
    stranger = theirs.key_pair("stranger")[0]
    for answer in (
        good.replace("1.00", "2.00"),
        good.replace('"code":"10000"', '"code": "10000"'),
        theirs.envelope(NAME, {"code": "10000"}, pem=None),
        theirs.envelope(NAME, {"code": "10000"}, pem=stranger),
        theirs.envelope("error_response", {"code": "40002"}, pem=stranger),
        '{"alipay_trade_query_response":{"code":"10000"},"sign":null}',
        '{"alipay_trade_query_response":{"code":"10000"},"sign":"%%%"}',
    ):
        with pytest.raises(BadSignature):
            read(answer)


def test_a_second_node_of_the_same_name_hides_nothing():
    text = '{"code":"10000"}'
    twice = sealed(text)[:-1] + f',"{NAME}":{{"code":"10000","trade_status":"TRADE_SUCCESS"}}}}'
    with pytest.raises(ValueError, match="plain object"):
        read(twice)


def test_the_wanted_node_counts_and_no_other():
    with pytest.raises(ValueError, match="no such node"):
        read(sealed('{"code":"10000"}'), "alipay_trade_refund_response")


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", '{"a"', '{"a":1', '{"a":1;"b":2}', "<html>", "null", "{1:2}"])
def test_what_is_no_answer(text):
    with pytest.raises(ValueError):
        read(text)


# --- keys -------------------------------------------------------------------------------------------------------------


def test_keys_are_read_as_alipays_tools_give_them():
    private, public = signing.private_key(PRIVATE), signing.public_key(PUBLIC)
    bare = base64.b64encode(
        private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    ).decode()
    shown = "".join(line for line in PUBLIC.splitlines() if "-----" not in line)
    assert signing.private_key(bare).private_numbers() == private.private_numbers()
    assert signing.public_key(shown).public_numbers() == public.public_numbers()


@pytest.mark.parametrize("text", ["", "nonsense", f"-----BEGIN {KIND}-----\nAAAA\n-----END {KIND}-----"])
def test_a_key_that_is_none(text):
    for reading in (signing.private_key, signing.public_key):
        with pytest.raises(ImproperlyConfigured):
            reading(text)
