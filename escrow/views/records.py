"""Check it yourself: the page that verifies in the browser, the program that does so offline, the proof of custody."""

from __future__ import annotations

from datetime import UTC

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import clock
from core.guards import public
from escrow.gateways import NAMES, is_pretended
from escrow.records import checkpoints, notes
from escrow.records import custody as proofs

DAYS_SHOWN = 7


@public
@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """What a record proves, and a check of one in the reader's own browser."""
    today = clock.now().astimezone(UTC).date()
    days = checkpoints.days(until=today, count=DAYS_SHOWN) if notes.is_set_up() else []
    context = {"keys": notes.verifier_keys(), "newest": checkpoints.latest(), "days": days}
    return render(request, "records/verify.html", context)


@public
@require_safe
def program(request: HttpRequest) -> HttpResponse:
    """The one file that checks records without us."""
    answer = HttpResponse((settings.BASE_DIR / "verify.py").read_text(), content_type="text/x-python; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="verify.py"'
    return answer


@public
@require_safe
def custody(request: HttpRequest) -> HttpResponse:
    """What is held for everybody, and what lies where to cover it."""
    found = proofs.newest()
    providers = {row["provider"] for proof in found for row in proof.balances}
    pretended = {name for name in providers if name == "sandbox" or is_pretended(name)}
    context = {
        "proofs": [(proof, [(_name(row["provider"]), row) for row in proof.balances]) for proof in found],
        "now": clock.now(), "pretended": pretended,
        "real": [_name(one) for one in sorted(providers - pretended)],
    }  # fmt: skip
    return render(request, "records/custody.html", context)


def _name(provider: str) -> str:
    return str(NAMES.get(provider, provider))
