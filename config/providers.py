"""What each payment provider needs to know of us, from the environment. A key is PEM text or the path of a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from config.env import env

# The pretended provider's dialects (escrow/fakepay) → what we call who speaks so.
PRETENDED = {"sandbox": "sandbox", "alipay": "alipay", "wechat": "wechatpay", "stripe": "stripe"}


def pretended(folder: Path) -> tuple[str, dict[str, Mapping[str, str]]]:
    """Where the sandbox's pretended provider answers, and how: what it has left in its folder."""
    file = folder / "shop.json"
    if not file.is_file():
        return "", {}
    told = json.loads(file.read_text(encoding="utf-8"))
    return told["address"], {name: told["providers"][dialect] for dialect, name in PRETENDED.items()}


def _key(name: str) -> str:
    value = env.str(name, default="").replace("\\n", "\n")
    return Path(value).read_text(encoding="ascii") if value.startswith("/") else value


# What a provider cannot do without: where it is empty, the provider is not set up.
NEEDS = {"sandbox": "secret", "stripe": "secret_key", "alipay": "app_id", "wechatpay": "mchid", "bank": "number"}


def providers(*, pretended: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """Provider → its settings; one that the environment does not set up may be pretended."""
    real = _real()
    return {name: real[name] if real.get(name, {}).get(key) else pretended.get(name, {}) for name, key in NEEDS.items()}


def _real() -> dict[str, Mapping[str, str]]:
    """What the environment says. ``api_base`` has no slash at its end."""
    return {
        "stripe": {
            "api_base": env.str("STRIPE_API_BASE", default="https://api.stripe.com"),
            "secret_key": env.str("STRIPE_SECRET_KEY", default=""),
            "webhook_secret": env.str("STRIPE_WEBHOOK_SECRET", default=""),
            "account": env.str("STRIPE_ACCOUNT", default=""),
            "methods": env.str("STRIPE_METHODS", default="card,alipay,wechat_pay"),
        },
        "alipay": {
            "api_base": env.str("ALIPAY_API_BASE", default="https://openapi.alipay.com/gateway.do"),
            "app_id": env.str("ALIPAY_APP_ID", default=""),
            "seller_id": env.str("ALIPAY_SELLER_ID", default=""),
            "private_key": _key("ALIPAY_PRIVATE_KEY"),
            "alipay_public_key": _key("ALIPAY_PUBLIC_KEY"),
            "app_cert": _key("ALIPAY_APP_CERT"),
            "alipay_cert": _key("ALIPAY_CERT"),
            "alipay_root_cert": _key("ALIPAY_ROOT_CERT"),
            "royalty": env.str("ALIPAY_ROYALTY", default=""),
        },
        "wechatpay": {
            "api_base": env.str("WECHATPAY_API_BASE", default="https://api.mch.weixin.qq.com"),
            "mchid": env.str("WECHATPAY_MCHID", default=""),
            "appid": env.str("WECHATPAY_APPID", default=""),
            "apiv3_key": env.str("WECHATPAY_APIV3_KEY", default=""),
            "serial": env.str("WECHATPAY_SERIAL", default=""),
            "private_key": _key("WECHATPAY_PRIVATE_KEY"),
            "platform_serial": env.str("WECHATPAY_PLATFORM_SERIAL", default=""),
            "platform_public_key": _key("WECHATPAY_PLATFORM_PUBLIC_KEY"),
            "hold_days": env.str("WECHATPAY_HOLD_DAYS", default="30"),
            "transfer_scene": env.str("WECHATPAY_TRANSFER_SCENE", default=""),
            "transfer_report": env.str("WECHATPAY_TRANSFER_REPORT", default=""),
        },
        "bank": {
            "holder": env.str("BANK_HOLDER", default=""),
            "bank": env.str("BANK_NAME", default=""),
            "number": env.str("BANK_NUMBER", default=""),
            "currency": env.str("BANK_CURRENCY", default="CNY"),
        },
    }
