# ruff: noqa: S608 - made of the texts of this file alone, no input
"""What the books must obey, as set-wise SQL over the transfers and the business rows; counted by ``books()``."""

from __future__ import annotations

from django.db import connection


def _taken(source: str) -> str:
    """What a chargeback took from a source, out of its JSON; the same text on both databases."""
    return f"CAST(COALESCE(c.taken_minor ->> '{source}', '0') AS bigint)"


_RELEASED = f"{_taken('merchant')} + {_taken('receivable')}"  # what it took of what was released
_CREDITED = f"""
        SELECT {{uuid:h.store_id}} AS store, t.currency, t.amount AS minor FROM escrow_transfer t
        JOIN escrow_refund r ON r.id = t.ref JOIN escrow_hold h ON h.id = r.hold_id WHERE t.kind = 13
        UNION ALL SELECT {{uuid:h.store_id}}, c.currency, {_taken("receivable")} - {_taken("repaid")}
        FROM escrow_chargeback c JOIN escrow_hold h ON h.id = c.hold_id WHERE c.status = 'won'
        UNION ALL SELECT {{uuid:h.store_id}}, c.currency, {_taken("receivable")}
        FROM escrow_chargeback c JOIN escrow_hold h ON h.id = c.hold_id WHERE c.status <> 'won'
        UNION ALL SELECT {{uuid:v.store_id}}, v.currency, -v.amount_minor FROM escrow_recovery v"""

# What an account must be, counted from the business rows: account kind → (key expression, amount) per row.
# Adjustments, which may touch any recorded account, are added to all of them.
EXPECTED = {
    "escrow": """
      SELECT 'escrow:' || currency, SUM(amount_minor - released_minor - refunded_minor) FROM escrow_hold GROUP BY 1""",
    "fees": "SELECT 'fees:' || currency, SUM(fee_taken_minor - fee_back_minor) FROM escrow_hold GROUP BY 1",
    "refund_in_flight": """
      SELECT 'refund_in_flight:' || gateway || ':' || currency, SUM(amount_minor) FROM escrow_refund
      WHERE status <> 'done' GROUP BY 1""",
    "payout_in_flight": """
      SELECT 'payout_in_flight:' || gateway || ':' || currency, SUM(amount_minor) FROM escrow_payout
      WHERE status IN ('approval', 'prepared', 'sent') GROUP BY 1""",
    "suspense": """
      SELECT 'suspense:' || gateway || ':' || currency, SUM(amount_minor) FROM escrow_receipt
      WHERE outcome = 'parked' GROUP BY 1""",
    # A returned payout has left and come back; what a won dispute took has, too. Their fees are in their statements.
    "provider": """
      SELECT 'provider:' || gateway || ':' || currency, SUM(minor) FROM (
        SELECT gateway, currency, -amount_minor AS minor FROM escrow_receipt
        UNION ALL SELECT gateway, currency, amount_minor FROM escrow_refund WHERE status = 'done'
        UNION ALL SELECT gateway, currency, amount_minor FROM escrow_payout WHERE status = 'paid'
        UNION ALL SELECT p.gateway, v.currency, -v.amount_minor FROM escrow_reversal v
                  JOIN escrow_payout p ON p.id = v.payout_id WHERE v.status = 'done'
        UNION ALL SELECT gateway, currency, amount_minor FROM escrow_chargeback WHERE status <> 'won'
        UNION ALL SELECT gateway, currency, fee_minor FROM escrow_statementline
                  WHERE kind = 'fee' OR status IN ('matched', 'differs', 'explained')) moved GROUP BY 1""",
    # What providers kept, as their statements say; services/provider_fees.py says which lines count.
    "provider_fees": """
      SELECT 'provider_fees:' || currency, -SUM(fee_minor) FROM escrow_statementline
      WHERE kind = 'fee' OR status IN ('matched', 'differs', 'explained') GROUP BY 1""",
    "losses": f"""
      SELECT 'losses:' || c.currency, -SUM({_taken("losses")}) FROM escrow_chargeback c
      WHERE c.status <> 'won' GROUP BY 1""",
    "compensations": """
      SELECT 'compensations:' || currency, -SUM(amount_minor) FROM escrow_compensation WHERE status = 'paid'
      GROUP BY 1""",
    "merchant": f"""
      SELECT 'merchant:' || store || ':' || currency, SUM(minor) FROM (
        SELECT {{uuid:h.store_id}} AS store, h.currency,
               h.released_minor - h.fee_taken_minor - h.returned_minor + h.fee_back_minor AS minor FROM escrow_hold h
        UNION ALL SELECT {{uuid:p.store_id}}, p.currency, -p.amount_minor FROM escrow_payout p
                  WHERE p.status NOT IN ('failed', 'returned')
        UNION ALL SELECT {{uuid:p.store_id}}, b.currency, b.amount_minor FROM escrow_reversal b
                  JOIN escrow_payout p ON p.id = b.payout_id WHERE b.status = 'done'
        UNION ALL SELECT {{uuid:n.store_id}}, n.currency, n.amount_minor FROM escrow_compensation n
                  WHERE n.status = 'paid' AND n.store_id IS NOT NULL
        UNION ALL {_CREDITED}) moved GROUP BY 1""",
    "receivable": f"""
      SELECT 'receivable:' || store || ':' || currency, -SUM(minor) FROM ({_CREDITED}) owed GROUP BY 1""",
    "rounding": "",
    "adjustments": "",
}
ADJUSTED = """
  SELECT debit, -SUM(amount_minor) FROM escrow_adjustment WHERE signed_at IS NOT NULL GROUP BY 1
  UNION ALL SELECT credit, SUM(amount_minor) FROM escrow_adjustment WHERE signed_at IS NOT NULL GROUP BY 1"""

# Rule → query for the ids that break it.
RULES = {
    "transfer between accounts of another currency": """
      SELECT t.id FROM escrow_transfer t JOIN escrow_account d ON d.id = t.debit_id
      JOIN escrow_account c ON c.id = t.credit_id WHERE t.currency <> d.currency OR t.currency <> c.currency""",
    # Parked money that was given to its order came out of suspense (21), not as a capture.
    "hold without exactly its transfers": """
      SELECT h.id FROM escrow_hold h LEFT JOIN (
        SELECT ref, SUM(CASE WHEN kind = 1 THEN amount ELSE 0 END) AS k1,
               SUM(CASE WHEN kind = 2 THEN amount ELSE 0 END) AS k2,
               SUM(CASE WHEN kind = 3 THEN amount ELSE 0 END) AS k3
        FROM escrow_transfer WHERE kind IN (1, 2, 3) GROUP BY ref) s ON s.ref = h.id
      LEFT JOIN (
        SELECT DISTINCT r.payment_id FROM escrow_transfer t JOIN escrow_receipt r ON r.id = t.ref WHERE t.kind = 21
      ) a ON a.payment_id = h.payment_id
      WHERE COALESCE(s.k1, 0) <> CASE WHEN a.payment_id IS NULL THEN h.amount_minor ELSE 0 END
         OR COALESCE(s.k2, 0) <> h.released_minor - h.fee_taken_minor OR COALESCE(s.k3, 0) <> h.fee_taken_minor""",
    "hold whose refunds are not what it gave back": f"""
      SELECT h.id FROM escrow_hold h
      LEFT JOIN (
        SELECT hold_id, SUM(CASE WHEN from_merchant THEN 0 ELSE amount_minor END) AS back,
               SUM(CASE WHEN from_merchant THEN amount_minor ELSE 0 END) AS late, SUM(fee_back_minor) AS fee
        FROM escrow_refund WHERE hold_id IS NOT NULL GROUP BY hold_id) r ON r.hold_id = h.id
      LEFT JOIN (
        SELECT c.hold_id, SUM({_taken("escrow")}) AS back, SUM({_RELEASED}) AS late, SUM(c.fee_back_minor) AS fee
        FROM escrow_chargeback c WHERE c.hold_id IS NOT NULL AND c.status <> 'won' GROUP BY c.hold_id
      ) b ON b.hold_id = h.id
      WHERE COALESCE(r.back, 0) + COALESCE(b.back, 0) <> h.refunded_minor
         OR COALESCE(r.late, 0) + COALESCE(b.late, 0) <> h.returned_minor
         OR COALESCE(r.fee, 0) + COALESCE(b.fee, 0) <> h.fee_back_minor""",
    "hold whose state and numbers disagree": """
      SELECT h.id FROM escrow_hold h WHERE
         (h.status = 'held' AND h.released_minor + h.refunded_minor >= h.amount_minor)
         OR (h.status = 'frozen' AND h.released_minor + h.refunded_minor >= h.amount_minor AND NOT EXISTS (
             SELECT 1 FROM escrow_chargeback c WHERE c.hold_id = h.id AND c.status = 'open'))
         OR (h.status IN ('released', 'refunded', 'split') AND h.released_minor + h.refunded_minor <> h.amount_minor)
         OR (h.status = 'released' AND h.refunded_minor <> 0) OR (h.status = 'refunded' AND h.released_minor <> 0)""",
    # Open holds are looked for by way of open orders.
    "hold with money in it though its order is over": """
      SELECT h.id FROM escrow_hold h LEFT JOIN shop_openorder o ON o.order_id = h.order_id
      WHERE o.order_id IS NULL AND h.status IN ('held', 'frozen')
        AND h.amount_minor > h.released_minor + h.refunded_minor""",
    "refund without exactly its transfers": """
      SELECT r.id FROM escrow_refund r
      LEFT JOIN escrow_transfer a ON a.ref = COALESCE(r.compensation_id, r.id)
        AND a.kind = CASE WHEN r.compensation_id IS NOT NULL THEN 23 WHEN r.hold_id IS NULL THEN 10
                          WHEN r.from_merchant THEN 11 ELSE 4 END
      LEFT JOIN escrow_transfer b ON b.ref = r.id AND b.kind = 5
      LEFT JOIN escrow_transfer f ON f.ref = r.id AND f.kind = 12 AND f.leg = 0
      LEFT JOIN escrow_transfer d ON d.ref = r.id AND d.kind = 13
      WHERE COALESCE(a.amount, 0) <> r.amount_minor
         OR COALESCE(b.amount, 0) <> CASE WHEN r.status = 'done' THEN r.amount_minor ELSE 0 END
         OR COALESCE(f.amount, 0) <> r.fee_back_minor
         OR COALESCE(d.amount, 0) > CASE WHEN r.from_merchant THEN r.amount_minor - r.fee_back_minor ELSE 0 END""",
    "payout without exactly its transfers": """
      SELECT p.id FROM escrow_payout p
      LEFT JOIN escrow_transfer a ON a.ref = p.id AND a.kind = 6
      LEFT JOIN escrow_transfer b ON b.ref = p.id AND b.kind = 7
      LEFT JOIN escrow_transfer c ON c.ref = p.id AND c.kind = 8
      LEFT JOIN escrow_transfer d ON d.ref = p.id AND d.kind = 18
      WHERE COALESCE(a.amount, 0) <> p.amount_minor
         OR COALESCE(b.amount, 0) <> CASE WHEN p.status IN ('paid', 'returned') THEN p.amount_minor ELSE 0 END
         OR COALESCE(c.amount, 0) <> CASE WHEN p.status = 'failed' THEN p.amount_minor ELSE 0 END
         OR COALESCE(d.amount, 0) <> CASE WHEN p.status = 'returned' THEN p.amount_minor ELSE 0 END""",
    "recovery without its transfer": """
      SELECT v.id FROM escrow_recovery v LEFT JOIN escrow_transfer t ON t.ref = v.id AND t.kind = 14
      WHERE COALESCE(t.amount, 0) <> v.amount_minor""",
    "chargeback without exactly its transfers": f"""
      SELECT c.id FROM escrow_chargeback c LEFT JOIN (
        SELECT ref, SUM(CASE WHEN kind = 15 THEN amount ELSE 0 END) AS k15,
               SUM(CASE WHEN kind = 16 THEN amount ELSE 0 END) AS k16,
               SUM(CASE WHEN kind = 12 AND leg = 1 THEN amount ELSE 0 END) AS k12,
               SUM(CASE WHEN kind = 17 THEN amount ELSE 0 END) AS k17
        FROM escrow_transfer WHERE kind IN (12, 15, 16, 17) GROUP BY ref) s ON s.ref = c.id
      WHERE COALESCE(s.k15, 0) <> c.amount_minor OR COALESCE(s.k12, 0) <> c.fee_back_minor
         OR COALESCE(s.k17, 0) <> {_taken("receivable")}
         OR {_taken("escrow")} + {_RELEASED} + {_taken("losses")} <> c.amount_minor
         OR COALESCE(s.k16, 0) <> CASE WHEN c.status = 'won' THEN c.amount_minor + c.fee_back_minor ELSE 0 END""",
    # What is asked back counts on its payout until it is refused; what a refund is one act with, comes back with it.
    "reversal without exactly its transfer": """
      SELECT v.id FROM escrow_reversal v JOIN escrow_payout p ON p.id = v.payout_id
      LEFT JOIN escrow_refund r ON r.id = v.refund_id
      LEFT JOIN escrow_transfer t ON t.ref = v.id AND t.kind = 22
      WHERE COALESCE(t.amount, 0) <> CASE WHEN v.status = 'done' THEN v.amount_minor ELSE 0 END
         OR (v.status = 'done' AND p.status <> 'paid')
         OR (v.refunds_payer AND v.status = 'done' AND r.status <> 'done')""",
    "payout whose reversals are not what was taken back of it": """
      SELECT p.id FROM escrow_payout p LEFT JOIN (
        SELECT payout_id, SUM(amount_minor) AS back FROM escrow_reversal WHERE status <> 'failed' GROUP BY payout_id
      ) v ON v.payout_id = p.id WHERE COALESCE(v.back, 0) <> p.reversed_minor""",
    # What the provider was let pass on of a payment is no more than was released of it, less what came back since.
    "hold of which more was passed on than released": """
      SELECT h.id FROM escrow_hold h JOIN (
        SELECT hold_id, SUM(amount_minor) AS passed FROM escrow_payout
        WHERE hold_id IS NOT NULL AND status NOT IN ('failed', 'returned') GROUP BY hold_id) p ON p.hold_id = h.id
      WHERE p.passed > h.released_minor - h.fee_taken_minor + h.fee_back_minor
            + COALESCE((SELECT SUM(v.amount_minor) FROM escrow_reversal v JOIN escrow_payout q ON q.id = v.payout_id
                        WHERE q.hold_id = h.id AND v.status <> 'failed'), 0)
         OR EXISTS (SELECT 1 FROM escrow_payout q JOIN escrow_payment m ON m.id = h.payment_id
                    WHERE q.hold_id = h.id AND q.gateway <> m.gateway)""",
    "compensation without exactly its transfer": """
      SELECT n.id FROM escrow_compensation n LEFT JOIN escrow_transfer t ON t.ref = n.id AND t.kind = 23
      LEFT JOIN escrow_account c ON c.id = t.credit_id LEFT JOIN escrow_refund r ON r.compensation_id = n.id
      WHERE COALESCE(t.amount, 0) <> CASE WHEN n.status = 'paid' THEN n.amount_minor ELSE 0 END
         OR (t.id IS NOT NULL AND c.kind <> CASE WHEN n.store_id IS NULL THEN 'refund_in_flight' ELSE 'merchant' END)
         OR COALESCE(r.amount_minor, 0) <> CASE WHEN n.status = 'paid' AND n.store_id IS NULL THEN n.amount_minor
                                                ELSE 0 END""",
    # What a payment gave back, out of its holds or of our pocket, is no more than was paid.
    "payment of which more went back than was paid": """
      SELECT n.payment_id FROM escrow_compensation n JOIN escrow_payment p ON p.id = n.payment_id
      JOIN escrow_refund r ON r.payment_id = p.id AND r.receipt_id IS NULL
      WHERE n.status = 'paid' GROUP BY n.id, n.payment_id, p.amount_minor
      HAVING SUM(r.amount_minor) > p.amount_minor""",
    "adjustment without exactly its transfer": """
      SELECT j.id FROM escrow_adjustment j LEFT JOIN escrow_transfer t ON t.ref = j.id AND t.kind = 20
      LEFT JOIN escrow_account d ON d.id = t.debit_id LEFT JOIN escrow_account c ON c.id = t.credit_id
      WHERE COALESCE(t.amount, 0) <> CASE WHEN j.signed_at IS NULL THEN 0 ELSE j.amount_minor END
         OR (t.id IS NOT NULL AND (d.key <> j.debit OR c.key <> j.credit))""",
    "receipt without exactly its transfers": """
      SELECT r.id FROM escrow_receipt r LEFT JOIN escrow_transfer t ON t.ref = r.id AND t.kind = 9
      LEFT JOIN (SELECT ref, SUM(amount) AS given FROM escrow_transfer WHERE kind = 21 GROUP BY ref) g ON g.ref = r.id
      WHERE COALESCE(g.given, 0) <> CASE WHEN r.outcome = 'applied' THEN COALESCE(t.amount, 0) ELSE 0 END
         OR (r.outcome <> 'applied' AND COALESCE(t.amount, 0) <> r.amount_minor)
         OR COALESCE(t.amount, r.amount_minor) <> r.amount_minor""",
    "paid payment whose holds or receipt are not its amount": """
      SELECT p.id FROM escrow_payment p
      LEFT JOIN (SELECT payment_id, SUM(amount_minor) AS held FROM escrow_hold GROUP BY payment_id) h
        ON h.payment_id = p.id
      LEFT JOIN (SELECT payment_id, SUM(amount_minor) AS got FROM escrow_receipt WHERE outcome = 'applied'
                 GROUP BY payment_id) r ON r.payment_id = p.id
      WHERE COALESCE(h.held, 0) <> CASE WHEN p.status = 'paid' THEN p.amount_minor ELSE 0 END
         OR COALESCE(r.got, 0) <> CASE WHEN p.status = 'paid' THEN p.amount_minor ELSE 0 END""",
    # Only the newest of each account is read, and only it is counted anew.
    "checkpoint that its transfers do not add up to": """
      SELECT k.id FROM escrow_accountcheckpoint k
      WHERE NOT EXISTS (SELECT 1 FROM escrow_accountcheckpoint n
                        WHERE n.account_id = k.account_id AND n.upto_transfer_id > k.upto_transfer_id)
        AND k.balance <> COALESCE((SELECT SUM(amount) FROM escrow_transfer
                                   WHERE credit_id = k.account_id AND id <= k.upto_transfer_id), 0)
                       - COALESCE((SELECT SUM(amount) FROM escrow_transfer
                                   WHERE debit_id = k.account_id AND id <= k.upto_transfer_id), 0)""",
}


def uuids_as_text(sql: str) -> str:
    """A UUID column as the hyphened text that account keys carry; SQLite keeps 32 hex digits."""
    out = sql
    groups = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    for column in ("h.store_id", "p.store_id", "v.store_id", "n.store_id"):
        parts = " || '-' || ".join(f"substr({column}, {at}, {length})" for at, length in groups)
        text = f"{column}::text" if connection.vendor == "postgresql" else parts
        out = out.replace(f"{{uuid:{column}}}", text)
    return out
