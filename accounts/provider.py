"""Where allauth looks for an app's own providers."""

from accounts.third_party.google import Google
from accounts.third_party.qq import QQ
from accounts.third_party.weixin import Weixin

provider_classes = [Weixin, QQ, Google]
