"""The address book."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms.addresses import AddressForm, PasteForm, initial_from_text, initial_of, place_of
from accounts.models import Address
from accounts.queries.addresses import address_of, addresses_of
from accounts.requests import MemberRequest
from accounts.services import addresses as services
from core.guards import member
from core.http import is_own_place

UNDO_KEY = "address_undo"


@member
@require_safe
def addresses(request: MemberRequest) -> HttpResponse:
    rows = addresses_of(user_id=request.user.pk)
    can_undo = "deleted" in request.GET and UNDO_KEY in request.session
    return render(request, "accounts/addresses.html", {"addresses": rows, "can_undo": can_undo})


@member
@require_http_methods(["GET", "HEAD", "POST"])
def address_new(request: MemberRequest) -> HttpResponse:
    return _edit(request, None)


@member
@require_http_methods(["GET", "HEAD", "POST"])
def address_edit(request: MemberRequest, address_id: UUID) -> HttpResponse:
    return _edit(request, address_of(user_id=request.user.pk, address_id=address_id))


def _edit(request: MemberRequest, address: Address | None) -> HttpResponse:
    """Show the form, go one list further (``step``, without JavaScript), or save and go back."""
    initial = initial_of(address) if address else {"name": request.user.name}
    if request.method != "POST":
        return _page(request, AddressForm(initial=initial), address)
    if "step" in request.POST:
        return _page(request, AddressForm(initial=request.POST.dict()), address)
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _page(request, form, address, status=400)
    saved = services.save_address(
        user_id=request.user.pk, address_id=address.pk if address else None, **form.for_service()
    )
    messages.success(request, _("Address saved."))
    return redirect(_with_address(_back(request), saved))


@member
@require_POST
def address_parse(request: MemberRequest) -> HttpResponse:
    """Read a pasted text and show the form filled in. Nothing is saved."""
    address = _known(request)
    paste = PasteForm(request.POST)
    if not paste.is_valid():
        form = AddressForm(initial=initial_of(address) if address else {})
        return _page(request, form, address, paste=paste, status=400)
    found = initial_from_text(paste.cleaned_data["text"])
    known = initial_of(address) if address else {}
    if {"province", "city", "district_code"} & set(found):
        known = {name: known[name] for name in known if name not in ("province", "city", "district_code")}
    return _page(request, AddressForm(initial={**known, **found}), address, paste=paste, found=sorted(found))


def _known(request: MemberRequest) -> Address | None:
    try:
        address_id = UUID(request.POST.get("address", ""))
    except ValueError:
        return None
    return address_of(user_id=request.user.pk, address_id=address_id)


def _page(
    request: MemberRequest,
    form: AddressForm,
    address: Address | None,
    *,
    paste: PasteForm | None = None,
    found: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "place": form.place,
        "paste": paste or PasteForm(),
        "found": found,
        "address": address,
        "next": _back(request),
        "action": reverse("accounts:address-edit", args=[address.pk]) if address else reverse("accounts:address-new"),
    }
    return render(request, "accounts/address_form.html", context, status=status)


def _back(request: MemberRequest) -> str:
    """Where the person came from, such as checkout; else the list."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if is_own_place(request, wanted) else reverse("accounts:addresses")


def _with_address(place: str, address: Address) -> str:
    """A page that asks for it, as checkout does with ``?address=``, is told which address was meant."""
    parts = urlsplit(place)
    asked = parse_qsl(parts.query, keep_blank_values=True)
    if "address" not in dict(asked):
        return place
    told = [(name, str(address.pk) if name == "address" else value) for name, value in asked]
    return urlunsplit(parts._replace(query=urlencode(told)))


@member
@require_safe
def regions_options(request: MemberRequest) -> HttpResponse:
    """The three lists for what is chosen so far, as a fragment."""
    get = request.GET.get
    place = place_of(province=get("province", ""), city=get("city", ""), district=get("district_code", ""))
    return render(request, "accounts/parts/region.html", {"place": place})


@member
@require_POST
def address_delete(request: MemberRequest, address_id: UUID) -> HttpResponse:
    snapshot = services.delete_address(user_id=request.user.pk, address_id=address_id)
    request.session[UNDO_KEY] = snapshot
    return redirect(f"{reverse('accounts:addresses')}?deleted=1")


@member
@require_POST
def address_restore(request: MemberRequest) -> HttpResponse:
    """Put back the address deleted last."""
    snapshot = request.session.pop(UNDO_KEY, None)
    if snapshot:
        kept = {name: snapshot[name] for name in ("name", "phone", "district_code", "street", "postcode")}
        services.save_address(user_id=request.user.pk, address_id=None, **kept)
        messages.success(request, _("The address is back."))
    return redirect("accounts:addresses")


@member
@require_POST
def address_default(request: MemberRequest, address_id: UUID) -> HttpResponse:
    services.make_default(user_id=request.user.pk, address_id=address_id)
    messages.success(request, _("Checkout will begin with this address."))
    return redirect("accounts:addresses")
