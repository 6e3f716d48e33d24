"""WeChat Pay: what is released goes to a merchant number, what is paid out to an openid; its days are China's."""

from tests.contracts.partners import Partner

PARTNER = Partner(
    name="wechatpay",
    dialect="wechat",
    destination="1900000109",
    number="oFakepayMerchant000000000000",
    zone="Asia/Shanghai",
    lacks=frozenset({"TellsDisputes"}),
)
