"""One of everything, with its owner: what the addresses of the site are filled with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from accounts.places import Seen
from accounts.services import announcements
from accounts.services.incidents import open_incident
from core import clock
from core.actor import SYSTEM
from demo.pictures import pack_photo
from disputes.models import Case
from escrow.models import StatementFile, Ticket
from flows import aftersale, fulfilment, recovery
from logistics.models import PackPhoto
from shop.models import CardKey, Order, Product, Store, StoreMember
from shop.queries.mass import Reach
from shop.services import checks, keys, mass, reviews, team
from shop.services.reports import report as make_report
from shop.states import Audience
from tests.escrow import statement_rows
from tests.factories.accounts import AddressFactory, MediatorFactory, UserFactory
from tests.factories.shop import CouponFactory, ProductFactory
from tests.stories import (
    actor_of,
    code_variant,
    merchant_of,
    open_case,
    paid_order,
    placed_order,
    sandbox_carrier,
    settle,
)
from tests.vetting import paper, taken

PEOPLE = ("anonymous", "stranger", "buyer", "merchant", "mediator")


@dataclass(slots=True)
class Scene:
    """A paid and shipped order in a case of ``buyer`` at ``merchant``'s store; a stranger with nothing; a mediator."""

    buyer: User
    merchant: User
    stranger: User
    mediator: User
    product: Product
    order: Order
    codes: Order
    unpaid: Order
    case: Case
    evidence: UUID
    parcel: str
    shipment: UUID
    photo: UUID
    address: UUID
    notice: UUID
    statement: int
    difference: int
    coupon: UUID
    applicant: User  # his application lies with the mediator
    application: UUID
    helper: User  # ships for the merchant's store
    invitation: UUID
    invitation_link: str
    own_paper: UUID  # a renewal of the merchant's store, taken by the mediator
    check: UUID  # an open check of the merchant's store, the mediator's
    report: UUID  # of the merchant's store, by the buyer
    incident: UUID
    recovery: UUID
    announcement: int
    key: UUID  # of another system of the merchant's store
    message: UUID  # of the merchant's store to many, which has reached the buyer

    def client(self, person: str) -> Client:
        client = Client(raise_request_exception=False)
        if person != "anonymous":
            client.force_login(getattr(self, person))
        return client

    def fill(self, name: str, route: str) -> Any:
        """The value of one converter of a route."""
        if name == "number":
            in_case = "cases/<" in route
            if "codes/" in route:
                return self.codes.number
            return self.parcel if "carrier/" in route else self.case.number if in_case else self.order.number
        if name == "token" and "join/" in route:
            return self.invitation_link
        if name == "key" and "apply/" in route:
            return "identity"
        if name == "pk" and (found := self._of_vetting(route)):
            return found
        if name == "pk":
            return self._pk(route)
        fixed = {
            "slug": self.product.category.slug if route.startswith("c/") else self.product.store.slug,
            "address_id": self.address, "notice_id": self.notice, "payment": self.unpaid.payment_id,
            "gateway": "sandbox", "carrier": "sandbox", "token": "wrong", "reference": "SB0", "dialect": "sandbox",
            "path": "products/none.webp", "key": "identity", "uidb36": "x", "order_id": self.order.pk,
            "payment_id": self.unpaid.payment_id, "case_id": self.case.pk, "store_id": self.order.store_id,
            "batch_id": self._keys().batch_id, "user_id": self.helper.pk if "team/" in route else self.buyer.pk,
            "period": clock.now().date().isoformat()[:7], "day": "2026-11-02", "kind": "payout",
            "purpose": "phone", "device_id": uuid4(), "stay_id": uuid4(),
            "incident_id": self.incident,
            "recovery_id": self.recovery,
            "announcement_id": self.announcement,
        }  # fmt: skip
        return fixed.get(name, "x")

    def _keys(self) -> CardKey:
        return CardKey.objects.filter(order_line__order=self.codes)[0]

    def _of_vetting(self, route: str) -> Any:
        places = {
            "stores/reports/": self.report,
            "console/applications/": self.application, "documents/": self.own_paper, "checks/": self.check,
            "console/stores/": self.order.store_id, "team/invitations/": self.invitation, "settings/keys/": self.key,
            "messages/": self.message,
        }  # fmt: skip
        return next((value for start, value in places.items() if start in route), None)

    def _pk(self, route: str) -> Any:
        if "/codes/" in route:
            return self._keys().variant.product_id
        if "reconciliation/" in route:
            return self.statement if "files/" in route else self.difference
        if "<int:" in route:
            return 1
        places = {
            "evidence": self.evidence, "photos": self.photo, "parcels": self.shipment, "p/": self.product.pk,
            "products": self.product.pk, "pay/": self.unpaid.payment_id, "payments": self.unpaid.payment_id,
            "coupons": self.coupon,
        }  # fmt: skip
        return next((value for start, value in places.items() if start in route), uuid4())


def picture(shot: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(f"{shot}.webp", pack_photo("1", shot, size=200), "image/webp")


def _vetting(store: Store, mediator: User) -> dict[str, Any]:
    """Somebody else's application in review, and what the merchant's own store has lying there."""
    application, _ = taken(mediator)
    helper, now = UserFactory(), clock.now()
    StoreMember.objects.create(store=store, user=helper, role="shipper", joined_at=now)
    row = team.invite(store=store, to=helper.email, role="finance", actor=actor_of(store.owner), now=now)
    renewal = paper(store)
    reviews.take_document(document_id=renewal.pk, actor=actor_of(mediator))
    system, _ = keys.make_key(store=store, name="ERP", role="shipper", days=90, actor=actor_of(store.owner), now=now)
    check = checks.open_check(store_id=store.pk, reason="A letter.", actor=actor_of(mediator), now=now)
    return {
        "applicant": application.store.owner, "application": application.pk, "helper": helper, "invitation": row.pk,
        "invitation_link": team.token_of(row), "own_paper": renewal.pk, "check": check.pk,
        "key": system.pk,
    }  # fmt: skip


def _announced(mediator: User) -> int:
    """An announcement for everybody, over every page that is walked."""
    words = announcements.Words(
        kind="notice",
        audience="everyone",
        importance=0,
        title_en="News",
        title_zh="新消息",
        text_en="New.",
        text_zh="新。",
    )
    actor, now = actor_of(mediator), clock.now()
    row = announcements.write(words=words, actor=actor, now=now)
    return announcements.publish(announcement_id=row.pk, actor=actor, now=now).pk


def _written(store: Store) -> UUID:
    letter = mass.Letter(uuid4(), Reach(Audience.OPEN), "A delay", "It comes a day later.")
    row = mass.send(store=store, letter=letter, actor=actor_of(store.owner), now=clock.now(), prove=lambda words: None)
    settle()
    return row.pk


def set_scene() -> Scene:
    buyer, stranger, mediator = UserFactory(), UserFactory(), MediatorFactory()
    product = ProductFactory()
    variant, merchant = product.variants.get(), product.store.owner
    order = paid_order(buyer=buyer, variant=variant)
    unpaid = placed_order(buyer=buyer, variant=variant)
    codes = paid_order(buyer=buyer, variant=code_variant(keys=3, store=product.store))
    sandbox_carrier(product.store_id)
    shipment = fulfilment.ship(
        order_id=order.pk, store_id=order.store_id, carrier_code="sandbox", number=f"TS{order.number}", weight_g=500,
        photos=(picture("open"),), actor=merchant_of(order), now=clock.now(),
    )  # fmt: skip
    settle()
    case = open_case(order)
    aftersale.add_evidence(
        case_id=case.pk, file=picture("scale"), shows="Too light.", actor=actor_of(buyer), now=clock.now()
    )
    settle()
    statement_rows.take_in(statement_rows.row("TX1", "payment", 3_000))
    begun = recovery.start(
        user_id=buyer.pk, contact="walk@example.com", proofs=["order"], actor=SYSTEM, seen=Seen(ip="", user_agent=""),
        now=clock.now(),
    )  # fmt: skip
    assert begun is not None
    return Scene(
        **_vetting(product.store, mediator),
        buyer=buyer, merchant=merchant, stranger=stranger, mediator=mediator, product=product, order=order,
        codes=codes,
        unpaid=unpaid, case=case, evidence=case.evidence.latest("pk").pk, parcel=shipment.number, shipment=shipment.pk,
        photo=PackPhoto.objects.filter(shipment=shipment).latest("pk").pk,
        address=AddressFactory(user=buyer).pk, notice=buyer.notices.latest("created_at").pk,
        statement=StatementFile.objects.latest("pk").pk, difference=Ticket.objects.latest("pk").pk,
        coupon=CouponFactory(store=product.store).pk,
        report=make_report(
            link=f"/p/{product.pk}/", ground="other", text="It is not tea.", email="", language="en",
            actor=actor_of(buyer), now=clock.now(),
        ).pk,
        incident=open_incident(user_id=buyer.pk, text="Not me.", actor=actor_of(buyer), now=clock.now()).pk,
        recovery=begun.pk,
        message=_written(product.store),
        announcement=_announced(mediator),
    )  # fmt: skip
