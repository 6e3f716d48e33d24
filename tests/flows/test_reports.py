"""Reports of stores and products: taken from anybody, answered by staff, never told to the store."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Notice, OutgoingMessage
from core import clock
from core.models import Deadline
from core.transitions import IllegalTransition
from shop.errors import NoSuchPlace, OwnStore, ReasonMissing
from shop.models import Product, Store, StoreReport
from shop.services import reports
from shop.states import ProductStatus, ReportStatus
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.shop import ProductFactory, StoreFactory
from tests.stories import actor_of, settle, wait

pytestmark = pytest.mark.django_db
TEXT = "The mark on the lid is copied."


def reported(reporter=None, product=None, **more):
    product = product or ProductFactory()
    said = {"link": f"/p/{product.pk}/", "ground": "brand", "text": TEXT, "email": "", "language": "en"} | more
    row = reports.report(**said, actor=actor_of(reporter or UserFactory()), now=clock.now())
    settle()
    return row


def answered(row, *, by=None, upheld=True, text="We have looked."):
    actor = actor_of(by or MediatorFactory())
    done = reports.answer(report_id=row.pk, upheld=upheld, text=text, actor=actor, now=clock.now())
    settle()
    return done


def post(client, **more):
    said = {"ground": "brand", "text": TEXT, **more}
    return client.post(reverse("shop:report"), said, HTTP_ACCEPT_LANGUAGE="en")


def test_a_visitor_reports_a_product_and_gets_the_answer_by_letter():
    product, staff = ProductFactory(), MediatorFactory()
    assert post(Client(), link=f"http://testserver/p/{product.pk}/", email="one@example.com").status_code == 302
    row = StoreReport.objects.get()
    assert (row.product, row.store, row.reporter, row.status) == (product, product.store, None, ReportStatus.OPEN)
    settle()
    assert Notice.objects.filter(user=staff, kind="report.made").count() == 1
    answered(row, by=staff, text="It was taken off.")
    letters = OutgoingMessage.objects.filter(to="one@example.com")
    assert letters.count() == 1
    assert "We found it to be so and act on it. It was taken off." in letters.get().body


def test_a_member_gets_the_answer_on_the_site_and_is_asked_for_no_address():
    reporter, store = UserFactory(), StoreFactory()
    client = Client()
    client.force_login(reporter)
    assert 'name="email"' not in client.get(reverse("shop:report")).content.decode()
    assert post(client, link=f"/s/{store.slug}/", email="other@example.com").status_code == 302
    row = StoreReport.objects.get()
    assert (row.reporter, row.store, row.product, row.email) == (reporter, store, None, "")
    answered(row, upheld=False)
    assert Notice.objects.get(user=reporter, kind="report.answered").body.endswith("We have looked.")


def test_the_store_is_told_nothing_and_stays_as_it_is():
    row = reported()
    answered(row)
    assert not Notice.objects.filter(user=row.store.owner).exists()
    assert Store.objects.get(pk=row.store_id).may_sell


@pytest.mark.parametrize("link", ["", "/", "/cart/", "/p/x/", "http://[", "https://evil.example/p/{pk}/", "/s/none/"])
def test_what_is_the_address_of_nothing_here_is_refused_with_words(link):
    product = ProductFactory()
    page = post(Client(), link=link.format(pk=product.pk))
    assert page.status_code == 422
    assert not StoreReport.objects.exists()


def test_a_draft_and_a_store_that_never_opened_cannot_be_reported():
    draft = ProductFactory(status=ProductStatus.DRAFT)
    Store.objects.filter(pk=draft.store_id).update(status="applying", may_sell=False)
    for link in (f"/p/{draft.pk}/", f"/s/{draft.store.slug}/"):
        with pytest.raises(NoSuchPlace):
            reports.place_of(link)


def test_the_same_thing_reported_twice_is_one_report_with_both_words():
    reporter, product = UserFactory(), ProductFactory()
    first, again = reported(reporter, product), reported(reporter, product, text="And the box too, look.")
    assert first.pk == again.pk
    assert StoreReport.objects.get().text == f"{TEXT}\n\nAnd the box too, look."
    reported(UserFactory(), product)
    answered(first)
    reported(reporter, product)
    assert StoreReport.objects.count() == 3


def test_reports_have_a_pace(settings):
    from config.limits import PAGE_LIMITS

    assert PAGE_LIMITS[("shop:report", "POST")] == "report"
    assert settings.PAGE_RATES["report"]["address"] == "20/h"
    client, product = Client(), ProductFactory()
    codes = [post(client, link=f"/p/{product.pk}/").status_code for _ in range(21)]
    assert codes[-1] == 429
    assert StoreReport.objects.count() == 20


def test_nobody_answers_for_his_own_store_nor_without_words_nor_twice():
    row = reported()
    owner = row.store.owner
    owner.is_mediator = True
    owner.save()
    with pytest.raises(OwnStore):
        answered(row, by=owner)
    with pytest.raises(ReasonMissing):
        answered(row, text="  ")
    answered(row)
    with pytest.raises(IllegalTransition):
        answered(row, upheld=False)


def test_a_report_that_waits_is_called_up_each_working_day_until_it_is_answered():
    staff = MediatorFactory()
    row = reported()
    wait(days=8)
    late = Notice.objects.filter(user=staff, kind="report.late").count()
    assert late >= 1
    answered(row, by=staff)
    wait(days=8)
    assert Notice.objects.filter(user=staff, kind="report.late").count() == late
    assert not Deadline.objects.filter(kind="report.answer_by", done_at__isnull=True).exists()


def test_staff_see_the_queue_and_answer_there_and_nobody_else_does(client):
    row = reported()
    client.force_login(row.store.owner)
    assert client.get(reverse("console:reports")).status_code == 404
    staff = MediatorFactory()
    client.force_login(staff)
    assert row.store.display_name in client.get(reverse("console:reports")).content.decode()
    assert TEXT in client.get(reverse("console:report", args=[row.pk])).content.decode()
    place = reverse("console:report-answer", args=[row.pk])
    assert client.post(place, {"act": "x", "reason": "y"}).status_code in (302, 400)
    assert StoreReport.objects.get().status == ReportStatus.OPEN
    client.post(place, {"act": "uphold", "reason": "Thank you."})
    row.refresh_from_db()
    assert (row.status, row.answer, row.reviewer) == (ReportStatus.UPHELD, "Thank you.", staff)


def test_product_and_store_lead_to_the_form_filled_in(client):
    product = ProductFactory()
    for place in (reverse("shop:product", args=[product.pk]), reverse("shop:store", args=[product.store.slug])):
        assert f"{reverse('shop:report')}?about={place}" in client.get(place).content.decode()
    page = client.get(reverse("shop:report") + f"?about=/p/{product.pk}/").content.decode()
    assert f'value="/p/{product.pk}/"' in page
    assert Product.objects.count() == 1


def test_the_footer_leads_to_the_form_unless_the_operator_has_another_place(client):
    page = client.get("/").content.decode()
    assert f'href="{reverse("shop:report")}"' in page


def test_an_address_longer_than_one_can_be_kept_is_refused_at_its_field():
    product = ProductFactory()
    long = f"{'a' * 250}@example.com"
    page = post(Client(), link=f"/p/{product.pk}/", email=long)
    assert page.status_code == 422 and "email" in page.context["form"].errors
    assert not StoreReport.objects.exists()
