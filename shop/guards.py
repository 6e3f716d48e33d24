"""The merchant's door, and the second look before what a thief would do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from accounts import lifetimes
from accounts.confirming import proof_of
from accounts.services.step_up import Act as Confirmed
from accounts.services.step_up import StepUpNeeded, use
from core import clock
from core.guards import View, named, to_login
from core.http import is_own_place
from shop.errors import NotYourPart
from shop.models import Store
from shop.queries.stores import store_of
from shop.roles import Act, may

CHOSEN = "store"  # where the session of who works in several stores keeps which one he is in


class MerchantRequest(HttpRequest):
    """What a view behind ``merchant`` gets: the store of the signed-in person, with his role as ``store.my_role``."""

    store: Store


class ApplicantRequest(HttpRequest):
    """What a view behind ``applicant`` gets: his store, or None for who has none yet."""

    store: Store | None


def chosen_store(request: HttpRequest) -> Store | None:
    """The store somebody works in now; his place in it is looked up anew each time."""
    if not request.user.is_authenticated:
        return None
    return store_of(user_id=request.user.pk, chosen=str(request.session.get(CHOSEN, "")))


def merchant(needs: View | Act = Act.LOOK) -> Any:
    """
    Who works in a store, which is handed on as ``request.store``; 404 for everybody else.

    ``@merchant(Act.MONEY)``: and only whose role includes that; the others are told so. ``@merchant`` alone: anybody of
    the store.
    """
    if callable(needs) and not isinstance(needs, Act):
        return _merchant(needs, Act.LOOK)
    return lambda view: _merchant(view, Act(needs))


def _merchant(view: View, act: Act) -> View:
    @wraps(view)
    def door(request: MerchantRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_login(request)
        store = chosen_store(request)
        if store is None:
            raise Http404
        lifetimes.enter_office(request.session)
        request.store = store
        if not may(store.my_role, act):
            raise NotYourPart
        return view(request, *args, **kwargs)

    return named(door, "merchant")


def applicant(view: View) -> View:
    """Signed-in people who have no store yet, and those who may fill in the application of theirs."""

    @wraps(view)
    def door(request: ApplicantRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_login(request)
        request.store = chosen_store(request)
        if request.store is not None and not may(request.store.my_role, Act.APPLY):
            raise NotYourPart
        return view(request, *args, **kwargs)

    return named(door, "applicant")


def sensitive(purpose: str) -> Callable[[View], View]:
    """
    What a thief would do with somebody's open session: only with a fresh proof of who is there (``accounts.purposes``).

    Stands under the guard. What was posted goes along in the page that asks; files cannot, so whoever sends one without
    a proof confirms first and begins at the page again.
    """

    def shield(view: View) -> View:
        @wraps(view)
        def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            act = Confirmed(purpose)
            proof = proof_of(request, act)
            if proof is None and request.method == "POST" and not request.FILES:
                raise StepUpNeeded(act)
            if proof is None:
                return _confirm_first(request, purpose)
            response = view(request, *args, **kwargs)
            if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
                use(proof, act, now=clock.now())
            return response

        door.sensitive = purpose  # type: ignore[attr-defined]
        return door

    return shield


def _confirm_first(request: HttpRequest, purpose: str) -> HttpResponse:
    back = request.get_full_path()
    if request.method == "POST":
        came_from = request.META.get("HTTP_REFERER", "")
        back = came_from if is_own_place(request, came_from) else reverse("merchant:home")
    return HttpResponseRedirect(f"{reverse('accounts:confirm', args=[purpose])}?{urlencode({'next': back})}")
