"""Keys of a store's other systems: which there are, a new one, an end to one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.confirming import ensure
from accounts.queries.tokens import ended_tokens, token_of, working_tokens
from accounts.services.step_up import Act as Confirmed
from accounts.services.step_up import digest_of
from core import clock
from core.errors import NotFound
from core.http import actor_of
from shop.errors import KeyNameTaken, TooManyKeys
from shop.forms.keys import KeyForm
from shop.guards import MerchantRequest, merchant
from shop.roles import ABOUT, Act, Role
from shop.services import keys as services
from shop.views.document_slots import show


@merchant(Act.KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: MerchantRequest) -> HttpResponse:
    """The store's keys; a POST makes one, which is on this answer and nowhere else."""
    form = KeyForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form)
    try:
        secret = _make(request, form.cleaned_data)
    except (KeyNameTaken, TooManyKeys) as refusal:
        show(form, refusal)
        return _page(request, form)
    return _page(request, KeyForm(), secret=secret, name=form.cleaned_data["name"])


@merchant(Act.KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: MerchantRequest, pk: UUID) -> HttpResponse:
    """Say again what stops, then close it."""
    row = token_of(request.store.pk, pk, now=clock.now())
    if row is None:
        raise NotFound
    if request.method != "POST":
        return render(request, "merchant/key_revoke.html", {"key": row})
    services.revoke_key(store=request.store, token_id=pk, actor=actor_of(request), now=clock.now())
    messages.success(request, _("Closed: “%(name)s” opens nothing any more.") % {"name": row.name})
    return redirect("merchant:keys")


def _make(request: MerchantRequest, said: dict[str, Any]) -> str:
    with transaction.atomic():
        _row, secret = services.make_key(store=request.store, actor=actor_of(request), now=clock.now(), **said)
        ensure(request, Confirmed("api_token", target=digest_of(request.store.pk, *said.values())))
    return secret


def _page(request: MerchantRequest, form: KeyForm, **made: str) -> HttpResponse:
    now = clock.now()
    context = {
        "form": form, "made": made, "most": services.MOST,
        "rows": [{"key": row, "role": Role(row.role).label} for row in working_tokens(request.store.pk, now=now)],
        "ended": ended_tokens(request.store.pk, now=now),
        "about": [(role.label, ABOUT[role]) for role in services.ROLES],
    }  # fmt: skip
    return render(request, "merchant/keys.html", context, status=422 if form.errors else 200)
