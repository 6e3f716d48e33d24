"""What each payment provider needs to know of us, from the environment. A key is PEM text or the path of a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from config.env import env


def _key(name: str) -> str:
    value = env.str(name, default="").replace("\\n", "\n")
    return Path(value).read_text(encoding="ascii") if value.startswith("/") else value


def providers() -> dict[str, Mapping[str, str]]:
    """Provider → its settings; what is empty is not set up. ``api_base`` has no slash at its end."""
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
