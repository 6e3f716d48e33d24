"""
The steps from a sign-up to a store that sells: what each is for, what is done of it, what it still lacks.

The words are data (``STEPS``); what is known from elsewhere (payout account, second factor, trial order) comes in as
``Known``, so that this reads the shop's own tables only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shop.checklist_words import STEPS, Step
from shop.identifiers import same_name
from shop.models import DocumentKind, Permit, Product, StoreApplication, StoreDocument, StoreKind
from shop.states import EDITABLE, STANDING, ApplicationStatus, DocumentStatus, StepStatus

OF_STEP = {
    DocumentKind.ID_FRONT: "identity", DocumentKind.ID_BACK: "identity", DocumentKind.LICENCE: "licence",
    DocumentKind.PERMIT: "permits", DocumentKind.BRAND: "brands",
}  # fmt: skip
ELSEWHERE = {
    "account": "merchant:account", "product": "merchant:products", "trial": "merchant:trial",
    "two_factor": "accounts:security#app", "device_lock": "accounts:devices#lock",
}  # fmt: skip
HERE = (DocumentStatus.SAVED, DocumentStatus.REVIEW, DocumentStatus.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Known:
    """What other parts of the house know of a store. ``None`` of the two locks: not offered here."""

    account_holder: str
    second_factor: bool | None
    device_lock: bool | None
    trial: str  # "", open, done


@dataclass(frozen=True, slots=True)
class Stand:
    """How one step stands: todo, saved, review, returned, accepted or absent (not offered here)."""

    step: Step
    state: str
    is_needed: bool
    lacks: tuple[Promise | str, ...]
    reason: str
    documents: tuple[StoreDocument, ...]
    url: str

    @property
    def is_done(self) -> bool:
        return self.state in ("saved", "review", "accepted")

    @property
    def is_urged(self) -> bool:
        return self.step.key in URGED


def stands_of(application: StoreApplication, known: Known) -> list[Stand]:
    """All steps in their order. Three queries."""
    documents = list(
        StoreDocument.objects.filter(store_id=application.store_id, status__in=STANDING).order_by("kind", "uploaded_at")
    )
    saved = {row.key: row for row in application.steps.all()}
    has_product = Product.objects.filter(store_id=application.store_id).exists()
    stands = []
    for step in STEPS:
        mine = tuple(row for row in documents if OF_STEP[DocumentKind(row.kind)] == step.key)
        lacks = tuple(_LACKS[step.key](application, mine, known, has_product))
        row = saved.get(step.key)
        returned = [one for one in mine if one.status == DocumentStatus.RETURNED]
        state = _state(application, step, lacks, row.status if row else "", mine, known)
        reasons = [row.reason] if row and row.status == StepStatus.RETURNED else []
        reasons += [f"{one.title}: {one.reason}" for one in returned]
        stands.append(
            Stand(
                step=step, state=state, is_needed=_is_needed(application, step, known), lacks=lacks,
                reason=" · ".join(reasons), documents=mine, url=_url(step),
            )
        )  # fmt: skip
    return stands


def lacking(stands: Iterable[Stand]) -> list[str]:
    """Needed steps that are not done, by key."""
    return [stand.step.key for stand in stands if stand.is_needed and not stand.is_done]


def _url(step: Step) -> str:
    if step.key not in ELSEWHERE:
        return reverse("merchant:apply-step", args=[step.key])
    name, _hash, part = ELSEWHERE[step.key].partition("#")
    return reverse(name) + _hash + part


def _state(
    application: StoreApplication,
    step: Step,
    lacks: Sequence[Any],
    saved: str,
    documents: Sequence[StoreDocument],
    known: Known,
) -> str:
    if _is_absent(step, known):
        return "absent"
    if any(row.status == DocumentStatus.RETURNED for row in documents) or saved == StepStatus.RETURNED:
        return "returned"
    if lacks or (step.is_written and not saved):
        return "todo"
    if not step.is_written or application.status == ApplicationStatus.APPROVED:
        return "accepted"
    if saved == StepStatus.ACCEPTED and all(row.status == DocumentStatus.ACCEPTED for row in documents):
        return "accepted"
    return "saved" if application.status in EDITABLE else "review"


def _is_absent(step: Step, known: Known) -> bool:
    return {"two_factor": known.second_factor, "device_lock": known.device_lock}.get(step.key, True) is None


URGED = ("two_factor", "device_lock")  # shown and asked for at each look, but a store may begin without


def _is_needed(application: StoreApplication, step: Step, known: Known) -> bool:
    if step.key in URGED:
        return False
    if step.key == "licence":
        return application.kind != StoreKind.PERSON
    if step.key == "brands":
        return bool(application.brands)
    return step.is_needed and not _is_absent(step, known)


def _has(documents: Iterable[StoreDocument], **wanted: str) -> bool:
    return any(
        row.status in HERE and all(getattr(row, name) == value for name, value in wanted.items()) for row in documents
    )


Lacks = Iterable[Promise | str]


def _identity(application: StoreApplication, mine: Sequence[StoreDocument], _known: Known, _product: bool) -> Lacks:
    if not application.kind or not application.person_name or application.id_number is None:
        yield _("Name and identity number.")
    for kind in (DocumentKind.ID_FRONT, DocumentKind.ID_BACK):
        if not _has(mine, kind=kind):
            yield kind.label


def _licence(application: StoreApplication, mine: Sequence[StoreDocument], _known: Known, _product: bool) -> Lacks:
    if not application.legal_name or not application.licence_index:
        yield _("Name and number as on the licence.")
    if not _has(mine, kind=DocumentKind.LICENCE):
        yield DocumentKind.LICENCE.label


def _permits(application: StoreApplication, mine: Sequence[StoreDocument], _known: Known, _product: bool) -> Lacks:
    if not application.categories:
        yield _("Say what you want to sell.")
    for permit in application.permits:
        if not _has(mine, kind=DocumentKind.PERMIT, permit=permit):
            yield Permit(permit).label


def _brands(application: StoreApplication, mine: Sequence[StoreDocument], _known: Known, _product: bool) -> Lacks:
    for brand in application.brands:
        if not _has(mine, kind=DocumentKind.BRAND, brand=brand):
            yield brand


def _account(application: StoreApplication, _mine: Sequence[StoreDocument], known: Known, _product: bool) -> Lacks:
    names = [name for name in (application.legal_name, application.person_name) if name]
    if not known.account_holder:
        yield _("Enter the account.")
    elif names and not any(same_name(known.account_holder, name) for name in names):
        yield _("The account is in another name than the licence or the identity card.")


def _profile(application: StoreApplication, _mine: Sequence[StoreDocument], _known: Known, _product: bool) -> Lacks:
    store = application.store
    if not (store.name and store.about and store.region):
        yield _("Name, a few words about the store, and from where you ship.")


def _policies(application: StoreApplication, _mine: Sequence[StoreDocument], _known: Known, _product: bool) -> Lacks:
    if not application.store.return_policy:
        yield _("Write a return policy.")


def _two_factor(_application: StoreApplication, _mine: Sequence[StoreDocument], known: Known, _product: bool) -> Lacks:
    if not known.second_factor:
        yield _("Switch it on.")


def _device_lock(_application: StoreApplication, _mine: Sequence[StoreDocument], known: Known, _product: bool) -> Lacks:
    if not known.device_lock:
        yield _("Switch it on.")


def _product(_application: StoreApplication, _mine: Sequence[StoreDocument], _known: Known, has_one: bool) -> Lacks:
    if not has_one:
        yield _("Write one; it stays a draft until the store is approved.")


def _trial(_application: StoreApplication, _mine: Sequence[StoreDocument], known: Known, _product: bool) -> Lacks:
    if known.trial != "done":
        yield _("Buy one of your own products for the price of a sweet and follow the money.")


_LACKS: dict[str, Callable[[StoreApplication, Sequence[StoreDocument], Known, bool], Lacks]] = {
    "identity": _identity, "licence": _licence, "permits": _permits, "brands": _brands, "account": _account,
    "profile": _profile, "policies": _policies, "two_factor": _two_factor, "device_lock": _device_lock,
    "product": _product, "trial": _trial,
}  # fmt: skip
