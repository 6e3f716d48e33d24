"""Certificate mode, without which Alipay sends no money away: the judge's numbers and the judge's own transfers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from alipay import DCAliPay
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured

from core.money import Money
from escrow.gateways import alipay
from escrow.gateways.alipay import certs
from tests.contracts.test_alipay import pay

ISSUER = {
    NameOID.COUNTRY_NAME: "CN", NameOID.ORGANIZATION_NAME: "Ant Financial",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "Certification Authority", NameOID.COMMON_NAME: "Ant Financial Class 2 R1",
}  # fmt: skip


def certificate(private_pem: str = "", *, serial: int, signer: object = None) -> str:
    """A certificate in PEM for a key, or for a fresh one."""
    if private_pem:
        key = serialization.load_pem_private_key(private_pem.encode(), password=None)
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    issuer = x509.Name([x509.NameAttribute(oid, text) for oid, text in ISSUER.items()])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop")]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(signer or key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def files(bank) -> dict[str, str]:
    dialect = bank.app.dialects["alipay"]
    other_kind = certificate(serial=11, signer=ec.generate_private_key(ec.SECP256R1()))
    return {
        "app_cert": certificate(dialect.shop_key, serial=2**120 + 7),
        "alipay_cert": certificate(dialect.own_key, serial=5),
        "alipay_root_cert": "\n".join([certificate(serial=9), other_kind, certificate(serial=10)]),
    }


@pytest.fixture
def judge(bank, files) -> DCAliPay:
    values = bank.app.dialects["alipay"].shop_values(bank.address("alipay"))
    made = DCAliPay(
        appid=values["app_id"], app_private_key_string=values["private_key"],
        app_public_key_cert_string=files["app_cert"], alipay_public_key_cert_string=files["alipay_cert"],
        alipay_root_cert_string=files["alipay_root_cert"],
    )  # fmt: skip
    made._gateway = values["api_base"]
    return made


def in_certificate_mode(bank, files):
    values = {**bank.app.dialects["alipay"].shop_values(bank.address("alipay")), **files}
    return alipay.build({**values, "alipay_public_key": ""}, client=httpx.Client(timeout=5, trust_env=False))


def test_the_numbers_are_those_of_the_judge(files, judge):
    assert certs.number(files["app_cert"]) == judge.app_cert_sn
    assert certs.root_number(files["alipay_root_cert"]) == judge.alipay_root_cert_sn
    assert certs.root_number(files["alipay_root_cert"]).count("_") == 1  # two of the three are RSA


def test_every_question_names_the_certificates(bank, files, judge):
    gateway = in_certificate_mode(bank, files)
    fields = gateway.channel.signed("alipay.trade.query", {})
    assert fields["app_cert_sn"] == judge.app_cert_sn
    assert fields["alipay_root_cert_sn"] == judge.alipay_root_cert_sn
    pay(gateway, bank.app.dialects["alipay"])
    assert gateway.payout(key="payout:1", amount=Money(100), bank="b", holder="h", number="6222").status == "done"


def test_the_judge_sends_money(bank, files, judge):
    dialect = bank.app.dialects["alipay"]
    gateway = in_certificate_mode(bank, files)
    pay(gateway, dialect)
    told = judge.api_alipay_fund_trans_uni_transfer(
        "payout_1", "ALIPAY_USER_ID", "2088102146225135", "50.00", name="林梅"
    )
    assert (told["code"], told["status"]) == ("10000", "SUCCESS")
    assert gateway.query_payout(key="payout:1").ref == told["order_id"]
    assert dialect.book.balance("CNY") == 7_800


def test_half_a_set_of_certificates_is_refused(bank, files):
    for changes in ({"alipay_root_cert": ""}, {"app_cert": "x"}):
        with pytest.raises(ImproperlyConfigured):
            in_certificate_mode(bank, {**files, **changes})
