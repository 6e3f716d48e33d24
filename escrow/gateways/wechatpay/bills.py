"""
What WeChat Pay says of a day and of now: bills and the balance.

Sources: "申请交易账单", "申请资金账单", "下载账单", "查询账户实时余额".
A day's bills are there from ten the next morning on, for three months; an address is good for five minutes. Amounts in
the files are yuan although the API counts in fen.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import date

from core import clock
from core.money import Money
from escrow.gateways.base import Balance, Statement, Unavailable
from escrow.gateways.wechatpay.calls import Said, fen, whole_fen, word
from escrow.gateways.wechatpay.payments import Payments


class Bills(Payments):
    """Statements and the balance."""

    def statement(self, *, day: date) -> Statement:
        """
        Fetch what moved on our account on a day of China's.

        The bill of the flow of funds is taken: it has everything, and each fee under the number of its payment.

        :raises Unavailable: if the bill is not there yet, or is not the file that was announced
        :raises Refused: for a day that is too long ago or not over
        """
        from escrow.statements import wechatpay

        name = f"wechatpay-fundflow-{day:%Y%m%d}.csv"
        try:
            raw = self.fund_flow_bill(day=day)
        except Said as no:
            if no.word == "NO_STATEMENT_EXIST":
                return Statement(name, b"", ())  # nothing moved on that day
            if no.word == "STATEMENT_CREATING":
                raise Unavailable from no
            raise
        return wechatpay.read(raw, name=name, day=day)

    def trade_bill(self, *, day: date) -> bytes:
        """The file of all payments and refunds of a day, with the fee of each."""
        return self._bill(f"/v3/bill/tradebill?bill_date={day:%Y-%m-%d}&bill_type=ALL")

    def fund_flow_bill(self, *, day: date) -> bytes:
        """The file of all that moved on the account, payouts and fees included, with the balance after each line."""
        return self._bill(f"/v3/bill/fundflowbill?bill_date={day:%Y-%m-%d}&account_type=BASIC")

    def _bill(self, path: str) -> bytes:
        told = self.caller.ask("GET", path)
        raw = self.caller.fetch(word(told, "download_url"))
        # SHA-1 is what is offered; that it is this day's file rests on the signature of the answer with the hash
        found = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        if word(told, "hash_type") != "SHA1" or not hmac.compare_digest(found, word(told, "hash_value").lower()):
            raise Unavailable
        return raw

    def balance(self, *, currency: str) -> Balance:
        """All that lies there: what can be drawn and what is still frozen."""
        whole_fen(Money(0, currency))
        told = self.caller.ask("GET", "/v3/merchant/fund/balance/BASIC")
        total = fen(told, "available_amount") + fen(told, "pending_amount")
        return Balance(Money(total, "CNY"), clock.now(), "provider")
