"""The money tables: MONEY.md §2.1."""

from __future__ import annotations

from escrow.models.holds import Hold, Refund
from escrow.models.ledger import Account, Transfer, TransferKind
from escrow.models.payments import Inbox, Payment, Receipt
from escrow.models.payouts import Payout, PayoutAccount
from escrow.models.records import Checkpoint, CustodyLeaf, CustodyNode, CustodyProof, Sealed, SealedNode
from escrow.models.sandbox import SandboxCharge, SandboxNotice

__all__ = [
    "Account",
    "Checkpoint",
    "CustodyLeaf",
    "CustodyNode",
    "CustodyProof",
    "Hold",
    "Inbox",
    "Payment",
    "Payout",
    "PayoutAccount",
    "Receipt",
    "Refund",
    "SandboxCharge",
    "SandboxNotice",
    "Sealed",
    "SealedNode",
    "Transfer",
    "TransferKind",
]
