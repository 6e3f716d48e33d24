"""The money tables: MONEY.md §2.1."""

from __future__ import annotations

from escrow.models.chargebacks import Chargeback
from escrow.models.compensations import Compensation
from escrow.models.holds import Hold, Refund
from escrow.models.ledger import Account, AccountCheckpoint, Transfer, TransferKind
from escrow.models.payments import Inbox, OtherWay, Payment, Receipt
from escrow.models.payouts import (
    Adjustment,
    MerchantTerms,
    Payout,
    PayoutAccount,
    PayoutStop,
    Recovery,
    Reversal,
    StorePayoutHold,
)
from escrow.models.records import Checkpoint, CustodyLeaf, CustodyNode, CustodyProof, Sealed, SealedNode
from escrow.models.statements import StatementFile, StatementLine, Ticket

__all__ = [
    "Account",
    "AccountCheckpoint",
    "Adjustment",
    "Chargeback",
    "Checkpoint",
    "Compensation",
    "CustodyLeaf",
    "CustodyNode",
    "CustodyProof",
    "Hold",
    "Inbox",
    "MerchantTerms",
    "OtherWay",
    "Payment",
    "Payout",
    "PayoutAccount",
    "PayoutStop",
    "Receipt",
    "Recovery",
    "Refund",
    "Reversal",
    "Sealed",
    "SealedNode",
    "StatementFile",
    "StatementLine",
    "StorePayoutHold",
    "Ticket",
    "Transfer",
    "TransferKind",
]
