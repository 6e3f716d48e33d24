"""How the demo's stores came to be: papers of those that sell, and one application in each stage."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image, ImageDraw

from accounts.models import User
from accounts.services.people import create_person
from core import deadlines
from core.actor import Actor
from demo.seeding.timeline import Step
from flows import payouts, vetting
from shop.identifiers import credit_check, identity_check
from shop.models import ApplicationStep, DocumentKind, Store, StoreApplication, StoreDocument
from shop.services import applications as filling
from shop.services import documents, reviews, standing
from shop.states import ApplicationStatus, StepStatus

PLACE = (900, 640)  # pixels of a drawn paper
RUNS_OUT_SOON = 0  # the first store's licence, so that its home page says so


def code_of(place: int) -> str:
    """A Unified Social Credit Code that belongs to nobody: of a district that does not exist."""
    body = f"91990199MA{place:07d}"
    return body + credit_check(body)


def identity_of(place: int) -> str:
    body = f"3301061980{place % 12 + 1:02d}15{place % 1000:03d}"
    return body + identity_check(body)


@cache
def paper(kind: str) -> bytes:
    """A paper of the demo: plain shapes that anybody sees to be none."""
    image = Image.new("RGB", PLACE, "#f6f0df")
    pen = ImageDraw.Draw(image)
    pen.rectangle((18, 18, PLACE[0] - 18, PLACE[1] - 18), outline="#a8342d", width=6)
    pen.text((60, 60), f"SANDBOX {kind.upper()}", fill="#a8342d", font_size=44)
    for line in range(6):
        pen.rectangle((60, 180 + 60 * line, 620 - 40 * (line % 3), 196 + 60 * line), fill="#8b8371")
    pen.ellipse((660, 380, 840, 560), outline="#a8342d", width=10)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def _file(kind: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(f"{kind}.jpg", paper(kind), "image/jpeg")


def show_papers(store: Store, *, reviewer: User, place: int, permits: Sequence[str], now: datetime) -> None:
    """Give a store that sells its approved application and the papers behind it, as of when it opened."""
    owner = User.objects.get(pk=store.owner_id)
    application = StoreApplication(
        store=store, status=ApplicationStatus.APPROVED, kind="company", person_name=owner.name,
        legal_name=f"{store.name}商行", licence_index=filling.licence_index(code_of(place)), reviewer=reviewer,
        created_at=now, submitted_at=now, decided_at=now,
    )  # fmt: skip
    application.id_number, application.licence_number = identity_of(place), code_of(place)
    application.save(force_insert=True)
    deadlines.schedule("store.check", subject=store.pk, due_at=now + standing.CHECK_EVERY + timedelta(days=7 * place))
    until = (timezone.localtime(now) + timedelta(days=110 + 24 if place == RUNS_OUT_SOON else 900)).date()
    kinds: list[tuple[str, str, date | None]] = [(DocumentKind.LICENCE, "", until)]
    kinds += [(DocumentKind.PERMIT, permit, until + timedelta(days=300)) for permit in permits]
    for kind, permit, end in kinds:
        row = documents.add_document(
            store=store, kind=kind, permit=permit, upload=_file(kind), valid_until=end,
            actor=Actor(user_id=owner.pk), now=now,
        )  # fmt: skip
        reviews.take_document(document_id=row.pk, actor=_staff(reviewer))
        reviews.decide_document(document_id=row.pk, accept=True, reason="", actor=_staff(reviewer), now=now)


def _staff(user: User) -> Actor:
    return Actor(user_id=user.pk, is_mediator=True)


def applications(*, reviewer: User, draft: User, now: datetime) -> list[list[Step]]:
    """One application in each stage, each played at its own time."""
    return [
        _Opening("青禾杂货", 101, now - timedelta(days=3), owner=draft).fill_half().steps,
        _Opening("柳岸花器", 102, now - timedelta(days=2)).fill().submit().steps,
        _Opening("北巷书铺", 103, now - timedelta(days=9)).fill().submit().take(reviewer).steps,
        _Opening("晨光文具", 104, now - timedelta(days=6)).fill().submit().take(reviewer).send_back(reviewer).steps,
        _Opening("万家优选", 105, now - timedelta(days=20)).fill().submit().take(reviewer).refuse(reviewer).steps,
        _Opening("老街杂铺", 106, now - timedelta(days=69)).fill_half().steps,
        [Step(now - timedelta(days=1), _renew)],
    ]


def _renew(now: datetime) -> None:
    """A store whose permit still holds has sent the next one."""
    row = StoreDocument.objects.filter(kind=DocumentKind.PERMIT).select_related("store").order_by("store__slug")[0]
    end = (timezone.localtime(now) + timedelta(days=1500)).date()
    documents.add_document(
        store=row.store, kind=row.kind, permit=row.permit, upload=_file(row.kind), valid_until=end,
        actor=Actor(user_id=row.store.owner_id), now=now,
    )  # fmt: skip


class _Opening:
    """The script of one application: each step some hours after the one before."""

    def __init__(self, name: str, place: int, now: datetime, *, owner: User | None = None) -> None:
        self.name, self.place, self.now = name, place, now
        self.owner = owner or create_person(
            email=f"applicant{place}@example.com", phone=f"+86138000001{place - 100:02d}", name=f"申请人{place}"
        )
        self.steps: list[Step] = []
        self._then(self._begin)

    @property
    def store(self) -> Store:
        return Store.objects.get(owner=self.owner)

    @property
    def application_id(self) -> UUID:
        return StoreApplication.objects.values_list("pk", flat=True).get(store__owner=self.owner)

    def _said(self, now: datetime) -> dict[str, Any]:
        return {"store": self.store, "actor": Actor(user_id=self.owner.pk), "now": now}

    def _then(self, act: Callable[[datetime], object]) -> _Opening:
        self.now += timedelta(hours=1)
        self.steps.append(Step(self.now, act))
        return self

    def _begin(self, now: datetime) -> None:
        vetting.begin(user_id=self.owner.pk, actor=Actor(user_id=self.owner.pk), now=now)

    def fill_half(self) -> _Opening:
        def act(now: datetime) -> None:
            said = self._said(now)
            filling.save_identity(
                kind="company", person_name=self.owner.name, id_number=identity_of(self.place), **said
            )
            self._paper(DocumentKind.ID_FRONT, said)
            words = {"name": self.name, "about": "街角的小铺，卖自己用得上的东西。", "region": "浙江杭州"}
            filling.save_store(key="profile", words=words, **said)

        return self._then(act)

    def fill(self) -> _Opening:
        def act(now: datetime) -> None:
            said, name = self._said(now), f"{self.name}商行"
            self._paper(DocumentKind.ID_BACK, said)
            filling.save_licence(legal_name=name, licence_number=code_of(self.place), **said)
            self._paper(DocumentKind.LICENCE, said)
            filling.save_permits(categories=["home"], **said)
            filling.save_store(
                key="policies", words={"return_policy": "签收后七天内可退，退货运费由买家承担。"}, **said
            )
            payouts.choose_account(
                store_id=said["store"].pk, bank="踏实沙盒银行", holder=name, number=f"622200{self.place:012d}",
                actor=said["actor"], now=now,
            )  # fmt: skip

        return self.fill_half()._then(act)

    def submit(self) -> _Opening:
        return self._then(lambda now: vetting.submit(**self._said(now)))

    def take(self, reviewer: User) -> _Opening:
        return self._then(lambda now: reviews.take(application_id=self.application_id, actor=_staff(reviewer)))

    def send_back(self, reviewer: User) -> _Opening:
        def act(now: datetime) -> None:
            said: dict[str, Any] = {"actor": _staff(reviewer), "now": now}
            for row in StoreDocument.objects.filter(store=self.store, status="review"):
                is_right = row.kind != DocumentKind.LICENCE
                why = "" if is_right else "照片反光，看不清统一社会信用代码。请重拍。"
                reviews.decide_document(document_id=row.pk, accept=is_right, reason=why, **said)
            for step in ApplicationStep.objects.filter(application_id=self.application_id, status=StepStatus.SAVED):
                reviews.decide_step(application_id=self.application_id, key=step.key, accept=True, reason="", **said)
            reviews.give_back(application_id=self.application_id, reason="执照需要重拍，其余都可以了。", **said)

        return self._then(act)

    def refuse(self, reviewer: User) -> _Opening:
        return self._then(
            lambda now: vetting.refuse(
                application_id=self.application_id, reason="执照与提供的经营地址不符，且多次提醒未更正。",
                actor=_staff(reviewer), now=now,
            )
        )  # fmt: skip

    def _paper(self, kind: str, said: dict[str, Any]) -> None:
        documents.add_document(kind=kind, upload=_file(kind), valid_until=None, **said)
