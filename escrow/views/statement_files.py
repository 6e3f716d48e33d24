"""Staff hand in a provider's statement, see what it says, and take it in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import MemberRequest
from core import clock
from core.guards import mediator
from core.http import actor_of
from escrow import statements
from escrow.models import StatementFile
from escrow.queries import reconciliation as found
from escrow.services import statement_files
from escrow.statement_forms import StatementForm
from flows import statements as flow

SHOWN_ROWS = 20


@mediator
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: MemberRequest) -> HttpResponse:
    """Hand a statement in: it is read and kept, and shown before anything of it counts."""
    form = StatementForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and form.statement is not None:
        given, who = form.cleaned_data, UUID(str(request.user.pk))
        file = statement_files.keep(
            gateway=given["gateway"], day=given["day"], statement=form.statement, handed_in_by=who,
            currency=form.currency(), now=clock.now(),
        )  # fmt: skip
        return redirect("console:statement-file", file.pk)
    status = 422 if form.is_bound else 200
    return render(request, "console/statement_upload.html", {"form": form}, status=status)


@mediator
@require_http_methods(["GET", "HEAD", "POST"])
def statement_file(request: MemberRequest, pk: int) -> HttpResponse:
    """What a kept statement says and would do; on POST it is taken in."""
    file = StatementFile.objects.filter(pk=pk).first()
    if file is None:
        raise Http404
    if request.method == "POST":
        taken = flow.take_in(file_id=pk, actor=actor_of(request), now=clock.now())
        messages.success(
            request, _("Taken in: %(n)d new lines, %(m)d corrected.") % {"n": taken.new, "m": taken.changed}
        )
        return redirect("console:reconciliation-day", file.gateway, file.day)
    return render(request, "console/statement_file.html", _says(file))


def _says(file: StatementFile) -> dict[str, Any]:
    """What a file says, and what taking it in would do."""
    statement = statement_files.parsed(file)
    return {
        "file": file, "name": statements.NAMES.get(file.gateway, file.gateway), "rows": statement.rows[:SHOWN_ROWS],
        "n": len(statement.rows), "sums": found.sums_of(statement.rows), "closing": statement.closing,
        "would": statement_files.foresee(file), "shown": SHOWN_ROWS,
    }  # fmt: skip
