"""Reading the money: holds, running accounts, balances, what needs staff, and the state of the books."""

from escrow.queries.balances import MerchantMoney, merchant_money, payout_account, payouts_of
from escrow.queries.books import Books, books
from escrow.queries.corrections import accounts_to_correct, adjustments, chargebacks
from escrow.queries.holds import hold_of, holds_of, holds_of_store
from escrow.queries.lines import MoneyLine, buyer_lines, order_lines
from escrow.queries.problems import failed_payouts, failed_refunds, parked_receipts, problems
from escrow.queries.statement import Lines, merchant_lines

__all__ = [
    "Books",
    "Lines",
    "MerchantMoney",
    "MoneyLine",
    "accounts_to_correct",
    "adjustments",
    "books",
    "buyer_lines",
    "chargebacks",
    "failed_payouts",
    "failed_refunds",
    "hold_of",
    "holds_of",
    "holds_of_store",
    "merchant_lines",
    "merchant_money",
    "order_lines",
    "parked_receipts",
    "payout_account",
    "payouts_of",
    "problems",
]
