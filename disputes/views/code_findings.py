"""What the platform knows of an order's codes: delivered when, opened when and on which device (D15). Never a value."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from core.models import AuditEntry
from core.wording import span, when
from disputes.views.facts import Finding
from shop.models import Order
from shop.queries.codes import Piece, pieces_of


def of_codes(order: Order) -> list[Finding]:
    """One sentence for the delivery, then one for each code. Three queries."""
    pieces = pieces_of(order.pk) if order.delivered_at else []
    if not pieces or order.delivered_at is None:
        return [Finding(_("No code has been delivered."), "danger")]
    names = {"count": len(pieces), "when": when(order.delivered_at)}
    found = [Finding(_("Codes delivered by the payment itself on %(when)s: %(count)s.") % names, "safe")]
    opened = _openings(order)
    return found + [_of_piece(order, piece, opened.get((str(piece.line_id), piece.n), {})) for piece in pieces]


def _of_piece(order: Order, piece: Piece, facts: dict[str, Any]) -> Finding:
    names: dict[str, object] = {"title": piece.title, "n": piece.n, "of": piece.of}
    if piece.revealed_at is None:
        return Finding(_("Code %(n)s of %(of)s, %(title)s: the buyer has never opened it.") % names, "danger")
    names |= {
        "when": when(piece.revealed_at),
        "span": span(piece.revealed_at - order.delivered_at) if order.delivered_at else "",
        "device": facts.get("device") or "?",
    }
    text = _("Code %(n)s of %(of)s, %(title)s: opened by the buyer on %(when)s, %(span)s after delivery, with "
             "%(device)s.")  # fmt: skip
    return Finding(text % names, "safe")


def _openings(order: Order) -> dict[tuple[str, int], dict[str, Any]]:
    """What was written down when each piece was opened."""
    rows = AuditEntry.objects.filter(order_id=order.pk, act="code.revealed").order_by("id")
    return {(line, n): facts for facts in rows.values_list("facts", flat=True) for line, n in facts["pieces"]}
