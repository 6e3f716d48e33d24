"""People in front of a case, for the tests of its pages."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import User
from core import clock
from disputes.models import Case
from disputes.services.cases import take
from disputes.states import CaseStatus
from flows import aftersale
from shop.models import Order
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.stories import actor_of, buyer_of, delivered_order, merchant_of, open_case

REASONS = "The picture shows the crack; the listing promised none. Article 3.2 applies."


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def buyer(order: Order) -> Client:
    return client_of(order.buyer)


def merchant(order: Order) -> Client:
    return client_of(order.store.owner)


def stranger() -> Client:
    return client_of(UserFactory())


def mediator() -> tuple[User, Client]:
    user = MediatorFactory.create()
    return user, client_of(user)


def photo(name: str = "crack.png") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(out, "PNG")
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/png")


def no_photo() -> SimpleUploadedFile:
    return SimpleUploadedFile("crack.png", b"<script>alert(1)</script>", content_type="image/png")


def claim(**changes: Any) -> dict[str, Any]:
    """What the wizard posts."""
    return {"ground": "not_as_described", "remedy": "refund", "amount": "", "text": "It is cracked.", **changes}


def fresh(case: Case) -> Case:
    return Case.objects.select_related("order__store__owner", "order__buyer", "order__hold").get(pk=case.pk)


def case_in_mediation(order: Order | None = None) -> Case:
    """A refused claim that the buyer has taken to the platform."""
    case = open_case(order or delivered_order())
    order = case.order
    aftersale.refuse(case_id=case.pk, text="It was whole.", actor=merchant_of(order), now=clock.now())
    aftersale.escalate(case_id=case.pk, text="Please look.", actor=buyer_of(order), now=clock.now())
    case = fresh(case)
    assert case.status == CaseStatus.MEDIATION
    return case


def taken_case(user: User) -> Case:
    case = case_in_mediation()
    take(case_id=case.pk, actor=actor_of(user), now=clock.now())
    return fresh(case)
