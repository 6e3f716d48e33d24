"""The deploy check: a shop for real money starts with no pretended part and no key that everybody knows."""

from __future__ import annotations

import pytest

from core.checks import no_demo_parts

GOOD_KEY = "bm90LWEtZGVtby1rZXktYnV0LWEtbG9uZy1lbm91Z2g="


@pytest.fixture
def real(settings):
    settings.SANDBOX = False
    settings.PAYMENT_GATEWAYS, settings.PAYOUT_GATEWAY = ["none"], "none"
    settings.PROVIDERS = {"stripe": {"api_base": "https://api.stripe.com", "secret_key": "sk"}, "alipay": {}}
    settings.SECRET_KEY = "x" * 50
    settings.VAULT_KEYS = ["1:" + GOOD_KEY]
    settings.SIGNING_KEY = GOOD_KEY
    return settings


def refused() -> set[str]:
    return {str(message.id) for message in no_demo_parts()} & {"core.E001", "core.E002", "core.E003", "core.E005"}


def test_a_real_shop_passes(real):
    assert refused() == set()


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("SANDBOX", True, "core.E001"),
        ("SECRET_KEY", "demo-key-" + "x" * 50, "core.E002"),
        ("VAULT_KEYS", ["demo:" + GOOD_KEY], "core.E002"),
        ("PAYMENT_GATEWAYS", ["stripe", "sandbox"], "core.E003"),
        ("PAYOUT_GATEWAY", "sandbox", "core.E003"),
        ("PROVIDERS", {"stripe": {"api_base": "http://127.0.0.1:8900/stripe", "secret_key": "sk"}}, "core.E005"),
    ],
)
def test_a_demo_part_is_refused(real, name, value, code):
    setattr(real, name, value)
    assert refused() == {code}
