"""From a sign-up to an approved store: each step on its own, review, correction, approval, refusal, silence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Notice, User
from core import clock, deadlines
from core.errors import Forbidden, IllegalTransition, NotFound
from core.models import AuditEntry
from core.sealed import Sealed
from escrow.errors import BadPayoutAccount
from flows import payouts, vetting
from shop.errors import (
    LicenceTaken,
    NotEditable,
    NotForSale,
    NotReadyToSubmit,
    NotYourPart,
    OwnStore,
    PermitMissing,
    ReasonMissing,
    StepIncomplete,
    StoreNotApproved,
    TakenByOther,
    Undecided,
)
from shop.models import Cart, Category, Store, StoreApplication, StoreDocument, StoreMember
from shop.queries.catalogue import on_sale
from shop.queries.checklist import lacking
from shop.services import applications, products, reviews
from shop.services.carts import add
from shop.states import ApplicationStatus, DocumentStatus, ProductStatus, StoreStatus
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.shop import CategoryFactory, ProductFactory, StoreFactory
from tests.stories import actor_of, settle, wait
from tests.vetting import (
    accept_papers,
    again,
    approved,
    begun,
    code_no,
    filled,
    identity_number,
    paper,
    some_category,
    submitted,
    taken,
)

pytestmark = pytest.mark.django_db


def owner_of(application):
    return actor_of(application.store.owner)


def said(application, **more):
    return {"store": application.store, "actor": owner_of(application), "now": clock.now(), **more}


def stands(application):
    return {stand.step.key: stand for stand in vetting.checklist(again(application))}


# --- the checklist ----------------------------------------------------------------------------------------------------


def test_a_begun_store_cannot_sell_and_lists_what_is_to_do():
    application = begun()
    assert (application.store.status, application.store.may_sell) == (StoreStatus.APPLYING, False)
    needed = {key for key, stand in stands(application).items() if stand.is_needed}
    assert needed == {"identity", "licence", "permits", "account", "profile", "policies"}
    assert set(lacking(vetting.checklist(application))) == needed
    with pytest.raises(NotReadyToSubmit):
        vetting.submit(store=application.store, actor=owner_of(application), now=clock.now())


def test_each_step_is_kept_by_itself():
    application = begun()
    applications.save_store(key="policies", words={"return_policy": "七天可退。"}, **said(application))
    assert stands(application)["policies"].state == "saved"
    assert stands(application)["profile"].state == "todo"
    assert Store.objects.get(pk=application.store_id).return_policy == "七天可退。"


def test_a_person_without_a_business_needs_no_licence():
    application = begun()
    applications.save_identity(kind="person", person_name="林小满", id_number=identity_number(), **said(application))
    assert not stands(application)["licence"].is_needed


def test_what_a_category_needs_is_asked_for_and_nothing_else():
    application = begun()
    applications.save_permits(categories=[some_category(permit="food")], **said(application))
    assert again(application).permits == ["food"]
    assert [str(lack) for lack in stands(application)["permits"].lacks] != []
    paper(application.store, "permit", permit="food")
    assert stands(application)["permits"].state == "saved"


def test_a_brand_that_is_named_has_to_be_shown():
    application = begun()
    assert not stands(application)["brands"].is_needed
    applications.save_brands(brands=["山水", "山水", " "], **said(application))
    assert again(application).brands == ["山水"]
    assert stands(application)["brands"].lacks == ("山水",)
    assert stands(application)["brands"].is_needed


def test_a_second_factor_and_the_device_lock_are_urged_and_keep_nobody_out(monkeypatch):
    application = begun()
    assert {stands(application)[key].state for key in ("two_factor", "device_lock")} == {"todo"}
    assert not {"two_factor", "device_lock"} & set(lacking(vetting.checklist(again(application))))
    User.objects.filter(pk=application.store.owner_id).update(device_lock=True)
    monkeypatch.setattr(vetting, "has_second_factor", lambda user_id: True)
    assert {stands(application)[key].state for key in ("two_factor", "device_lock")} == {"accepted"}
    monkeypatch.setattr(vetting, "has_second_factor", lambda user_id: None)
    assert stands(application)["two_factor"].state == "absent", "where it is not offered it is not asked for"


def test_the_account_must_be_in_the_name_of_the_licence():
    application = filled()
    with pytest.raises(BadPayoutAccount) as refusal:
        payouts.choose_account(
            store_id=application.store_id, bank="工商银行", holder="王五", number="6222020200009999999",
            actor=owner_of(application), now=clock.now(),
        )  # fmt: skip
    assert "holder" in refusal.value.fields
    applications.save_licence(legal_name="另一家公司", licence_number="", **said(application))
    applications.save_identity(kind="company", person_name="别人", id_number="", **said(application))
    assert stands(application)["account"].state == "todo"


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_numbers_lie_sealed():
    application = again(filled(number=code_no(77)))
    assert isinstance(application.licence_number, Sealed)
    assert application.licence_number.open() == code_no(77)
    assert code_no(77) not in str(StoreApplication.objects.values())
    assert identity_number() not in str(AuditEntry.objects.values())


@pytest.mark.parametrize("bad", ["", "123", "91330106MA2H0000X0", "一二三四五六七八九十一二三四五六七八"])
def test_a_licence_number_that_cannot_be_one_is_refused(bad):
    application = begun()
    with pytest.raises(StepIncomplete) as refusal:
        applications.save_licence(legal_name="店", licence_number=bad, **said(application))
    assert "licence_number" in refusal.value.fields


def test_a_child_cannot_answer_for_a_store():
    with pytest.raises(StepIncomplete):
        applications.save_identity(
            kind="person", person_name="小", id_number=identity_number("33010620200101123"), **said(begun())
        )


def test_the_licence_of_another_store_is_refused_and_staff_hear_of_it():
    """Abuse 22: a licence stands behind one store; the refusal does not say whose it is, the hint for staff does."""
    staff = MediatorFactory()
    theirs = filled(number=code_no(5))
    thief = begun()
    with pytest.raises(LicenceTaken) as refusal:
        applications.save_licence(legal_name="店", licence_number=f" {code_no(5)[:6]}-{code_no(5)[6:]}", **said(thief))
    assert str(theirs.store.name) not in refusal.value.message
    assert again(thief).licence_index is None
    settle()
    notice = Notice.objects.get(user=staff, kind="vetting.licence_clash")
    assert theirs.store.name in notice.body
    with pytest.raises(IntegrityError), transaction.atomic():
        StoreApplication.objects.filter(pk=thief.pk).update(licence_index=again(theirs).licence_index)


def test_a_refused_applicant_does_not_keep_the_number_from_its_owner():
    application, reviewer = taken(number=code_no(9))
    vetting.refuse(application_id=application.pk, reason="Not yours.", actor=actor_of(reviewer), now=clock.now())
    assert again(filled(number=code_no(9))).licence_index


# --- review -----------------------------------------------------------------------------------------------------------


def test_what_is_sent_in_cannot_be_changed_and_waits_three_working_days():
    application = submitted()
    assert set(StoreDocument.objects.values_list("status", flat=True)) == {DocumentStatus.REVIEW}
    with pytest.raises(NotEditable):
        applications.save_brands(brands=["x"], **said(application))
    due = next(row for row in deadlines.open_deadlines(subjects=[application.pk]))
    assert due.kind == "application.review_by"
    assert due.due_at - application.submitted_at >= timedelta(days=3)
    with pytest.raises(NotEditable):
        vetting.submit(store=application.store, actor=owner_of(application), now=clock.now())


def test_what_was_sent_in_is_read_in_words(client):
    owner = UserFactory(language="en")
    application = submitted(owner)
    assert application.categories == ["goods-plain"]
    client.force_login(owner)
    shown = client.get("/merchant/apply/permits/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "Goods" in shown and "goods-plain" not in shown
    assert "A company" in client.get("/merchant/apply/identity/", HTTP_ACCEPT_LANGUAGE="en").content.decode()


def test_an_approved_store_sells_and_is_paid():
    store, _ = approved()
    assert (store.status, store.may_sell) == (StoreStatus.APPROVED, True)
    settle()
    assert Notice.objects.filter(user=store.owner, kind="vetting.approved").exists()
    product = ProductFactory(store=store, status=ProductStatus.DRAFT)
    product.images.create(large="a", card="a", thumb="a", sha256="0" * 64)
    products.change_status(
        store_id=store.pk, product_id=product.pk, target=ProductStatus.LISTED, actor=actor_of(store.owner),
        now=clock.now(),
    )  # fmt: skip


def test_before_approval_products_are_written_and_not_listed():
    application = begun()
    product = ProductFactory(store=application.store, status=ProductStatus.DRAFT)
    with pytest.raises(StoreNotApproved):
        products.change_status(
            store_id=application.store_id, product_id=product.pk, target=ProductStatus.LISTED,
            actor=owner_of(application), now=clock.now(),
        )  # fmt: skip


def test_even_a_listed_product_of_a_store_that_may_not_sell_is_not_bought(client):
    product = ProductFactory()
    Store.objects.update(may_sell=False)
    assert not on_sale().exists()
    with pytest.raises(NotForSale):
        add(cart=Cart.objects.create(user=UserFactory()), variant_id=product.variants.get().pk, quantity=1)
    assert client.get(reverse("shop:product", args=[product.pk])).status_code == 404


def test_nothing_is_approved_before_every_paper_was_looked_at():
    application, reviewer = taken()
    with pytest.raises(Undecided):
        vetting.approve(application_id=application.pk, actor=actor_of(reviewer), now=clock.now())
    assert again(application).status == ApplicationStatus.SUBMITTED


def test_a_returned_paper_says_why_and_comes_back_corrected():
    application, reviewer = taken()
    mine = actor_of(reviewer)
    rows = list(StoreDocument.objects.filter(store=application.store).order_by("kind"))
    with pytest.raises(ReasonMissing):
        reviews.decide_document(document_id=rows[0].pk, accept=False, reason=" ", actor=mine, now=clock.now())
    for row in rows:
        is_licence = row.kind == "licence"
        reviews.decide_document(
            document_id=row.pk, accept=not is_licence, reason="A corner is missing." if is_licence else "",
            actor=mine, now=clock.now(),
        )  # fmt: skip
    with pytest.raises(Undecided):
        vetting.approve(application_id=application.pk, actor=mine, now=clock.now())
    reviews.give_back(application_id=application.pk, reason="See the licence.", actor=mine, now=clock.now())
    assert "A corner is missing." in stands(application)["licence"].reason
    assert stands(application)["identity"].is_done
    assert "licence" in lacking(vetting.checklist(again(application)))
    paper(application.store, "licence")
    vetting.submit(store=application.store, actor=owner_of(application), now=clock.now())
    assert again(application).reviewer == reviewer
    accept_papers(application, reviewer)
    vetting.approve(application_id=application.pk, actor=mine, now=clock.now())
    assert Store.objects.get(pk=application.store_id).may_sell


def test_words_are_sent_back_step_by_step():
    application, reviewer = taken()
    accept_papers(application, reviewer)
    mine = actor_of(reviewer)
    reviews.decide_step(
        application_id=application.pk, key="policies", accept=False, reason="Say who pays.", actor=mine, now=clock.now()
    )
    with pytest.raises(Undecided):
        vetting.approve(application_id=application.pk, actor=mine, now=clock.now())
    reviews.give_back(application_id=application.pk, reason="Policy.", actor=mine, now=clock.now())
    assert stands(application)["policies"].reason == "Say who pays."
    applications.save_store(key="policies", words={"return_policy": "买家承担。"}, **said(application))
    assert stands(application)["policies"].state == "saved"


def test_only_its_reviewer_decides():
    application, _ = taken()
    other = actor_of(MediatorFactory())
    row = StoreDocument.objects.filter(store=application.store).first()
    for act in (
        lambda: vetting.approve(application_id=application.pk, actor=other, now=clock.now()),
        lambda: vetting.refuse(application_id=application.pk, reason="x", actor=other, now=clock.now()),
        lambda: reviews.give_back(application_id=application.pk, reason="x", actor=other, now=clock.now()),
        lambda: reviews.take(application_id=application.pk, actor=other),
        lambda: reviews.decide_document(document_id=row.pk, accept=True, reason="", actor=other, now=clock.now()),
    ):
        with pytest.raises(TakenByOther):
            act()
    with pytest.raises(Forbidden):
        reviews.take(application_id=application.pk, actor=actor_of(UserFactory()))


@pytest.mark.parametrize("place", ["owner", "shipper"])
def test_a_reviewer_never_decides_on_a_store_of_his_own(place):
    staff = MediatorFactory()
    application = submitted(staff if place == "owner" else None)
    if place == "shipper":
        StoreMember.objects.create(store=application.store, user=staff, role="shipper", joined_at=clock.now())
    with pytest.raises(OwnStore):
        reviews.take(application_id=application.pk, actor=actor_of(staff))
    colleague = actor_of(MediatorFactory())
    with pytest.raises(OwnStore):
        reviews.assign(application_id=application.pk, to=staff.pk, actor=colleague)
    StoreApplication.objects.filter(pk=application.pk).update(reviewer=staff)
    with pytest.raises(OwnStore):
        vetting.approve(application_id=application.pk, actor=actor_of(staff), now=clock.now())


def test_a_colleague_is_given_the_application():
    application, first = taken()
    second = MediatorFactory()
    reviews.assign(application_id=application.pk, to=second.pk, actor=actor_of(first))
    assert again(application).reviewer == second
    with pytest.raises(TakenByOther):
        vetting.refuse(application_id=application.pk, reason="x", actor=actor_of(first), now=clock.now())
    with pytest.raises(Forbidden):
        reviews.assign(application_id=application.pk, to=UserFactory().pk, actor=actor_of(first))


def test_a_decision_is_made_once():
    application, reviewer = taken()
    vetting.refuse(application_id=application.pk, reason="No.", actor=actor_of(reviewer), now=clock.now())
    assert Store.objects.get(pk=application.store_id).status == StoreStatus.ENDED
    for again_ in (vetting.refuse, reviews.give_back):
        with pytest.raises(IllegalTransition):
            again_(application_id=application.pk, reason="x", actor=actor_of(reviewer), now=clock.now())


def test_only_owners_fill_in_the_application():
    application = begun()
    helper = UserFactory()
    StoreMember.objects.create(store=application.store, user=helper, role="manager", joined_at=clock.now())
    with pytest.raises(NotYourPart):
        applications.save_brands(store=application.store, brands=[], actor=actor_of(helper), now=clock.now())
    with pytest.raises(NotFound):
        applications.save_brands(store=application.store, brands=[], actor=actor_of(UserFactory()), now=clock.now())


# --- silence ----------------------------------------------------------------------------------------------------------


def test_an_overdue_application_is_called_out_to_staff_every_working_day():
    staff = MediatorFactory()
    application = submitted()
    late = Notice.objects.filter(user=staff, kind="vetting.review_late")
    wait(days=1)
    assert not late.exists()
    for _ in range(7):
        wait(days=1)
    assert 2 <= late.count() <= 5
    assert again(application).status == ApplicationStatus.SUBMITTED


def test_a_draft_is_reminded_of_lapses_and_can_be_taken_up_again():
    application = filled(number=code_no(3))
    for _ in range(2):
        wait(days=7)
    assert Notice.objects.filter(user=application.store.owner, kind="vetting.unfinished").count() == 2
    for _ in range(7):
        wait(days=7)
    assert again(application).status == ApplicationStatus.LAPSED
    assert again(application).licence_index is None, "somebody else may have the number now"
    applications.take_up(store=application.store, actor=owner_of(application), now=clock.now())
    assert again(application).status == ApplicationStatus.DRAFT
    assert "licence" in lacking(vetting.checklist(again(application)))


# --- what was there before --------------------------------------------------------------------------------------------


def test_goods_of_a_category_with_a_permit_need_it_seen():
    store = StoreFactory()
    food = CategoryFactory(permit="food")
    tea = Category.objects.create(slug="tea-leaves", name="茶", name_en="Tea", parent=food)
    product = ProductFactory(store=store, category=tea, status=ProductStatus.DRAFT)
    with pytest.raises(PermitMissing) as refusal:
        products.change_status(
            store_id=store.pk, product_id=product.pk, target=ProductStatus.LISTED, actor=actor_of(store.owner),
            now=clock.now(),
        )  # fmt: skip
    assert refusal.value.message
