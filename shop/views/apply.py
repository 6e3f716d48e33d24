"""Becoming a merchant: the checklist, each of its steps, sending in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from core.errors import DomainError
from core.http import actor_of
from flows import vetting
from shop.checklist_words import BY_KEY, WRITTEN_HERE
from shop.forms import vetting as forms
from shop.guards import ApplicantRequest, applicant
from shop.identifiers import masked
from shop.models import Store, StoreApplication
from shop.queries.checklist import Stand, lacking
from shop.queries.vetting import application_of, documents_of, review_due
from shop.services import applications
from shop.services.documents import remove_document
from shop.services.viewing import numbers_of
from shop.states import EDITABLE, ApplicationStatus
from shop.views.document_slots import Slot, show, slots_of_step, take_in

WORDS: dict[str, type[BaseForm]] = {
    "identity": forms.IdentityForm, "licence": forms.LicenceForm, "permits": forms.PermitsForm,
    "brands": forms.BrandsForm, "profile": forms.ProfileForm, "policies": forms.PolicyForm,
}  # fmt: skip


@applicant
@require_http_methods(["GET", "HEAD", "POST"])
def overview(request: ApplicantRequest) -> HttpResponse:
    """The list with its progress; a POST begins, sends in or takes up again."""
    if request.method == "POST":
        return _act(request)
    application = application_of(request.store) if request.store else None
    if application is None:
        return redirect("merchant:home") if request.store else render(request, "merchant/apply_begin.html")
    return render(request, "merchant/apply.html", _context(application))


def _act(request: ApplicantRequest) -> HttpResponse:
    actor, now, act = actor_of(request), clock.now(), request.POST.get("act", "")
    if request.store is None:
        assert actor.user_id is not None
        vetting.begin(user_id=actor.user_id, actor=actor, now=now)
    elif act == "submit":
        vetting.submit(store=request.store, actor=actor, now=now)
        messages.success(request, _("Sent in. We look at it within three working days and write to you."))
    elif act == "take_up":
        applications.take_up(store=request.store, actor=actor, now=now)
    return redirect("merchant:apply")


def _context(application: StoreApplication) -> dict[str, Any]:
    stands = vetting.checklist(application)
    needed = [stand for stand in stands if stand.is_needed]
    done = sum(stand.is_done for stand in needed)
    return {
        "application": application, "stands": stands, "done": done, "of": len(needed),
        "first": next((stand.step.key for stand in needed if not stand.is_done), ""),
        "percent": 100 * done // max(1, len(needed)), "lacking": lacking(stands),
        "can_edit": application.status in EDITABLE, "due": review_due([application.pk]).get(str(application.pk)),
        "is_over": application.status in (ApplicationStatus.APPROVED, ApplicationStatus.REFUSED),
    }  # fmt: skip


@applicant
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: ApplicantRequest, key: str) -> HttpResponse:
    """One step: its words in one form, each of its papers in a form of its own."""
    application = application_of(request.store) if request.store else None
    if request.store is None or application is None or key not in WRITTEN_HERE:
        raise Http404
    papers = slots_of_step(application, key, documents_of(request.store.pk))
    if request.method != "POST":
        return _page(request, application, key, _shown(application, key), papers)
    if request.POST.get("part") == "document":
        return _document(request, application, key, papers)
    form = _posted(application, key, request)
    if not form.is_valid() or not _save(request, key, form):
        return _page(request, application, key, form, papers, status=422)
    return _done(request, key)


def _document(request: ApplicantRequest, application: StoreApplication, key: str, papers: list[Slot]) -> HttpResponse:
    bad = take_in(application.store, request, papers)
    if bad is None:
        return _done(request, key)
    again = slots_of_step(application, key, documents_of(application.store_id), bad=bad)
    return _page(request, application, key, _shown(application, key), again, status=422)


@applicant
@require_POST
def remove(request: ApplicantRequest, pk: UUID) -> HttpResponse:
    """Take a paper back before anybody has looked at it."""
    if request.store is None:
        raise Http404
    remove_document(store=request.store, document_id=pk, actor=actor_of(request))
    messages.success(request, _("Removed; the file is destroyed."))
    return redirect("merchant:apply")


def _done(request: ApplicantRequest, key: str) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect("merchant:apply-step", key)


def _page(
    request: ApplicantRequest,
    application: StoreApplication,
    key: str,
    form: BaseForm,
    papers: list[Slot],
    *,
    status: int = 200,
) -> HttpResponse:
    stands = vetting.checklist(application)
    mine: Stand = next(stand for stand in stands if stand.step.key == key)
    keys = [stand.step.key for stand in stands]
    after = [stand for stand in stands[keys.index(key) + 1 :] if not stand.is_done and stand.state != "absent"]
    numbers = {name: masked(number) for name, number in numbers_of(application).items()}
    _ask_for_what_is_missing(form, numbers)
    context = {
        "application": application, "stand": mine, "step": BY_KEY[key], "form": form, "papers": papers,
        "next": after[0] if after else None, "can_edit": application.status in EDITABLE, "numbers": numbers,
        "said": forms.said(form),
    }  # fmt: skip
    return render(request, "merchant/apply_step.html", context, status=status)


def _ask_for_what_is_missing(form: BaseForm, numbers: dict[str, str]) -> None:
    """A number that is kept may be left empty; one that nobody has given yet is no choice."""
    for name in ("id_number", "licence_number"):
        if name in form.fields and not numbers.get(name):
            form.fields[name].required, form.fields[name].help_text = True, forms.WANTED


def _shown(application: StoreApplication, key: str) -> BaseForm:
    if key in ("profile", "policies"):
        return WORDS[key](instance=application.store)  # type: ignore[call-arg]
    return WORDS[key](initial=_initial(application, key))


def _posted(application: StoreApplication, key: str, request: ApplicantRequest) -> BaseForm:
    if key in ("profile", "policies"):
        return WORDS[key](request.POST, instance=Store.objects.get(pk=application.store_id))  # type: ignore[call-arg]
    return WORDS[key](request.POST)


def _initial(application: StoreApplication, key: str) -> dict[str, Any]:
    return {
        "identity": {"kind": application.kind, "person_name": application.person_name},
        "licence": {"legal_name": application.legal_name},
        "permits": {"categories": application.categories},
        "brands": {"brands": "\n".join(application.brands)},
    }[key]  # fmt: skip


SAVERS: dict[str, Callable[..., Any]] = {
    "identity": applications.save_identity, "licence": applications.save_licence,
    "permits": applications.save_permits, "brands": applications.save_brands,
}  # fmt: skip


def _save(request: ApplicantRequest, key: str, form: BaseForm) -> bool:
    assert request.store is not None
    same: dict[str, Any] = {"store": request.store, "actor": actor_of(request), "now": clock.now()}
    try:
        if key in SAVERS:
            SAVERS[key](**form.cleaned_data, **same)
        else:
            applications.save_store(key=key, words=form.cleaned_data, **same)
    except DomainError as refusal:
        show(form, refusal)
        return False
    if key == "profile":
        applications.choose_address(store=request.store, wanted=form.cleaned_data["name_en"])
    return True
