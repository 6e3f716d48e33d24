"""The dialect of WeChat Pay, API v3, of one merchant."""

from escrow.fakepay.wechat.speech import WeChat, build

__all__ = ["WeChat", "build"]
