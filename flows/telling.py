"""Putting a happening into words, each time in its receiver's language."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from uuid import UUID

from django.urls import reverse

from accounts.queries.people import mediators
from accounts.services.notices import in_language_of, notify
from core import clock
from disputes.models import Case
from shop.models import Order, Store

Words = Callable[[], tuple[str, str]]


def order_of(payload: object) -> Order:
    """The order an event is about."""
    assert isinstance(payload, dict)
    return Order.objects.select_related("store").get(pk=payload["order_id"])


def case_of(payload: object) -> Case:
    assert isinstance(payload, dict)
    return Case.objects.select_related("order__store").get(pk=payload["case_id"])


def tell_buyer(order: Order, kind: str, words: Words, *, key: str = "", sms: bool = False, email: bool = True) -> None:
    """Tell the buyer of an order something, once per kind and key."""
    url = reverse("shop:order", args=[order.number])
    _tell(order.buyer_id, order, kind, words, key=key, url=url, sms=sms, email=email)


def tell_merchant(
    order: Order, kind: str, words: Words, *, key: str = "", sms: bool = False, email: bool = True
) -> None:
    """Tell the owner of an order's store something, once per kind and key."""
    url = reverse("merchant:order", args=[order.number])
    _tell(order.store.owner_id, order, kind, words, key=key, url=url, sms=sms, email=email)


def tell_both(case: Case, kind: str, words: Words, *, key: str = "", but: str = "", sms: bool = False) -> None:
    """Tell both parties of a case, or only the other one when ``but`` names a party."""
    order = case.order
    if but != "buyer":
        url = reverse("disputes:case", args=[case.number])
        _tell(order.buyer_id, order, kind, words, key=key, url=url, sms=sms, email=True)
    if but != "merchant":
        url = reverse("merchant:case", args=[case.number])
        _tell(order.store.owner_id, order, kind, words, key=key, url=url, sms=sms, email=True)


def _tell(user_id: UUID, order: Order, kind: str, words: Words, *, key: str, url: str, sms: bool, email: bool) -> None:
    with in_language_of(user_id):
        subject, body = words()
        notify(
            user_id=user_id, kind=kind, key=f"{kind}:{order.pk}:{key}", subject=subject, body=body, url=url, sms=sms,
            email=email, now=clock.now(),
        )  # fmt: skip


def tell_owner(
    store_id: UUID, kind: str, key: object, words: Words, *, sms: bool = False, email: bool = True,
    page: str = "merchant:money",
) -> None:  # fmt: skip
    """Tell the owner of a store something about his money, once per kind and key."""
    owner_id = Store.objects.values_list("owner_id", flat=True).get(pk=store_id)
    with in_language_of(owner_id):
        subject, body = words()
        notify(user_id=owner_id, kind=kind, key=f"{kind}:{key}", subject=subject, body=body, sms=sms, email=email,
               url=reverse(page), now=clock.now())  # fmt: skip


def tell_staff(kind: str, key: object, words: Words, *, url: str, sms: bool = False) -> None:
    """Tell everybody of the staff something, each in his language, once per kind and key."""
    tell_people(mediators(), kind, key, words, url=url, sms=sms)


def tell_people(
    user_ids: Iterable[UUID], kind: str, key: object, words: Words, *, url: str, sms: bool = False,
    quietly: Collection[UUID] = (),
) -> None:  # fmt: skip
    """Tell some people the same, each in his language, once per kind and key; ``quietly``: on the site alone."""
    for user_id in user_ids:
        loud = user_id not in quietly
        with in_language_of(user_id):
            subject, body = words()
            notify(user_id=user_id, kind=kind, key=f"{kind}:{key}", subject=subject, body=body, sms=sms and loud,
                   email=loud, url=url, now=clock.now())  # fmt: skip
