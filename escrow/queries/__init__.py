"""Reading the money: holds, running accounts, balances, what needs staff, and the state of the books."""

from escrow.queries.audit import count_books
from escrow.queries.balances import MerchantMoney, account_is_old, merchant_money, payout_account, payouts_of
from escrow.queries.books import Books, books
from escrow.queries.buyer_account import buyer_lines
from escrow.queries.corrections import accounts_to_correct, adjustments, chargebacks
from escrow.queries.holds import hold_of, holds_of, open_holds_of
from escrow.queries.lines import MoneyLine, misfits, order_lines
from escrow.queries.payouts import (
    Debt,
    Outlook,
    debts,
    hold_on_store,
    outlook,
    payout_counts,
    payouts_in,
    payouts_to_approve,
    stop_in_force,
)
from escrow.queries.problems import failed_payouts, failed_refunds, parked_receipts, problems
from escrow.queries.statement import Lines, merchant_lines
from escrow.queries.terms import Reserve, Terms, reserve_of, terms_history, terms_of

__all__ = [
    "Books",
    "Debt",
    "Lines",
    "MerchantMoney",
    "MoneyLine",
    "Outlook",
    "Reserve",
    "Terms",
    "account_is_old",
    "accounts_to_correct",
    "adjustments",
    "books",
    "buyer_lines",
    "chargebacks",
    "count_books",
    "debts",
    "failed_payouts",
    "failed_refunds",
    "hold_of",
    "hold_on_store",
    "holds_of",
    "merchant_lines",
    "merchant_money",
    "misfits",
    "open_holds_of",
    "order_lines",
    "outlook",
    "parked_receipts",
    "payout_account",
    "payout_counts",
    "payouts_in",
    "payouts_of",
    "payouts_to_approve",
    "problems",
    "reserve_of",
    "stop_in_force",
    "terms_history",
    "terms_of",
]
