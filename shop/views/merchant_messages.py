"""A store writes to many of its buyers: what was sent, a new message, a look at it before, how far it has come."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.confirming import ensure
from accounts.services.step_up import Act as Confirmed
from accounts.services.step_up import digest_of
from core import clock
from core.errors import DomainError, Invalid, TooMany
from core.http import actor_of
from shop.errors import NobodyToWriteTo, TooManyToWriteTo
from shop.forms.mass import MassForm
from shop.guards import MerchantRequest, merchant
from shop.models import MassMessage
from shop.queries.mass import message_of, messages_of, progress_of
from shop.roles import Act
from shop.services import mass
from shop.services.mass import Letter
from shop.views.document_slots import show

PER_PAGE = 20


@merchant(Act.WRITE)
@require_safe
def overview(request: MerchantRequest) -> HttpResponse:
    """What was sent, newest first."""
    page = Paginator(messages_of(request.store.pk), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "merchant/messages.html", {"page": page, "most": mass.A_DAY})


@merchant(Act.WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MerchantRequest) -> HttpResponse:
    """Write, look at it, send: three steps of one address, and what is written goes along in the form."""
    is_sent = request.method == "POST" and "back" not in request.POST
    form = MassForm(request.POST if request.method == "POST" else None, store_id=request.store.pk)
    if not is_sent or not form.is_valid():
        return _written(request, form)
    try:
        if "send" in request.POST:
            return redirect("merchant:message", _send(request, form.letter()).pk)
        look = mass.look_at(store=request.store, letter=form.letter(), actor=actor_of(request), now=clock.now())
    except (Invalid, TooMany, NobodyToWriteTo, TooManyToWriteTo) as refusal:
        show(form, refusal, default="text" if isinstance(refusal, Invalid) else None)
        return _written(request, form, status=refusal.status)
    context = {"look": look, "letter": form.letter(), "reach": form.cleaned_data, "kept": form.kept()}
    return render(request, "merchant/message_look.html", context)


@merchant(Act.WRITE)
@require_safe
def message(request: MerchantRequest, pk: UUID) -> HttpResponse:
    """One message: how far it has come, and what was written."""
    row = message_of(request.store.pk, pk)
    template = "merchant/_message_progress.html" if request.htmx else "merchant/message.html"  # type: ignore[attr-defined]
    return render(request, template, {"row": row, "progress": progress_of(row)})


@merchant(Act.WRITE)
@require_POST
def stop(request: MerchantRequest, pk: UUID) -> HttpResponse:
    """Reach nobody further."""
    message_of(request.store.pk, pk)
    try:
        mass.stop(store=request.store, message_id=pk, actor=actor_of(request), now=clock.now())
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Stopped: nobody else gets it."))
    return redirect("merchant:message", pk)


def _send(request: MerchantRequest, letter: Letter) -> MassMessage:
    """The proof is for these words and these buyers, so it proves the links among them too."""
    reach = letter.reach
    target = digest_of(
        request.store.pk, reach.audience, reach.product_id, reach.since, reach.until, letter.subject, letter.text
    )
    with transaction.atomic():
        return mass.send(
            store=request.store, letter=letter, actor=actor_of(request), now=clock.now(),
            prove=lambda words: ensure(request, Confirmed("mass_message", target=target)),
        )  # fmt: skip


def _written(request: MerchantRequest, form: MassForm, *, status: int = 200) -> HttpResponse:
    status = 422 if form.is_bound and form.errors and status == 200 else status
    return render(request, "merchant/message_new.html", {"form": form, "most": mass.A_DAY}, status=status)
