"""What every act at the pretended WeChat Pay works on."""

from __future__ import annotations

from dataclasses import dataclass, field

from escrow.fakepay.book import Book
from escrow.fakepay.entries import Charge
from escrow.fakepay.wechat.keys import Keys
from escrow.fakepay.wechat.words import No


@dataclass(slots=True)
class Desk:
    """The book, the keys, and the files that were announced: token → bytes."""

    book: Book
    keys: Keys
    files: dict[str, bytes] = field(default_factory=dict)

    def ours(self, *, mchid: object, appid: object = None) -> None:
        """:raises No: if somebody else is meant"""
        if mchid != self.keys.mchid:
            raise No(400, "PARAM_ERROR", "mchid")
        if appid not in (None, self.keys.appid):
            raise No(400, "APPID_MCHID_NOT_MATCH")

    def by_transaction(self, transaction_id: object) -> Charge:
        """:raises No: if there is no such payment"""
        found = self.book.find(lambda charge: any(row.ref == transaction_id for row in charge.arrivals))
        if not found:
            raise No(404, "RESOURCE_NOT_EXISTS", "transaction_id")
        return found[0]
