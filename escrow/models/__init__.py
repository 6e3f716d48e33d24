"""The money tables: MONEY.md §2.1."""

from __future__ import annotations

from escrow.models.chargebacks import Chargeback
from escrow.models.holds import Hold, Refund
from escrow.models.ledger import Account, AccountCheckpoint, Transfer, TransferKind
from escrow.models.payments import Inbox, Payment, Receipt
from escrow.models.payouts import (
    Adjustment,
    MerchantTerms,
    Payout,
    PayoutAccount,
    PayoutStop,
    Recovery,
    StorePayoutHold,
)
from escrow.models.records import Checkpoint, CustodyLeaf, CustodyNode, CustodyProof, Sealed, SealedNode
from escrow.models.sandbox import SandboxCharge, SandboxNotice
from escrow.models.statements import StatementFile, StatementLine, Ticket

__all__ = [
    "Account",
    "AccountCheckpoint",
    "Adjustment",
    "Chargeback",
    "Checkpoint",
    "CustodyLeaf",
    "CustodyNode",
    "CustodyProof",
    "Hold",
    "Inbox",
    "MerchantTerms",
    "Payment",
    "Payout",
    "PayoutAccount",
    "PayoutStop",
    "Receipt",
    "Recovery",
    "Refund",
    "SandboxCharge",
    "SandboxNotice",
    "Sealed",
    "SealedNode",
    "StatementFile",
    "StatementLine",
    "StorePayoutHold",
    "Ticket",
    "Transfer",
    "TransferKind",
]
