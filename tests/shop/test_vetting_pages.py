"""The road of a merchant over HTTP, from sign-up to a store that sells and is paid; and the reviewer's side of it."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.services.step_up import Act
from core.models import AuditEntry
from core.templatetags import frame
from escrow.models import Payout
from shop.models import CartLine, Product, Store, StoreApplication, StoreDocument, StoreEnding
from shop.queries.vetting import seen_licence
from tests.accounts.proofs import confirm_page, prove
from tests.accounts.test_factors import with_app
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.shop import CategoryFactory, ProductFactory, StoreFactory
from tests.fresh import let_time_pass
from tests.sandbox import pay_at_bank
from tests.stories import paid_order, sandbox_carrier, settle, wait
from tests.vetting import (
    BUSINESS,
    NAME,
    accept_papers,
    approved,
    begun,
    code_no,
    filled,
    identity_number,
    picture,
    taken,
)

pytestmark = pytest.mark.django_db
APPLY = "/merchant/apply/"


def visitor(user) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.cookies["django_language"] = "en"
    client.force_login(user)
    return client


def says(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def step(client, key, **words):
    answer = client.post(f"{APPLY}{key}/", {"part": "words", **words})
    assert answer.status_code == 302, says(answer)


def send(client, key, slot):
    answer = client.post(f"{APPLY}{key}/", {"part": "document", f"{slot}-slot": slot, f"{slot}-file": picture()})
    assert answer.status_code == 302, says(answer)


def test_from_sign_up_to_a_store_that_sells_and_is_paid():
    """Two people, a bank, and every page between them."""
    food, merchant, reviewer = CategoryFactory(permit="food"), UserFactory(), MediatorFactory()
    shop, desk = visitor(merchant), visitor(reviewer)
    assert "Have this at hand" in says(shop.get(APPLY))
    assert shop.post(APPLY).status_code == 302
    assert "0 of 6 needed steps done" in says(shop.get(APPLY))
    shop.post(APPLY, {"act": "submit"}, HTTP_REFERER=f"http://testserver{APPLY}")
    assert "Some steps are still to do" in says(shop.get(APPLY))
    step(shop, "identity", kind="company", person_name=NAME, id_number=identity_number())
    send(shop, "identity", "id_front")
    send(shop, "identity", "id_back")
    step(shop, "licence", legal_name=BUSINESS, licence_number=code_no(800))
    send(shop, "licence", "licence")
    step(shop, "permits", categories=[food.slug])
    send(shop, "permits", "permit/food")
    step(shop, "brands", brands="山水\n")
    send(shop, "brands", "brand/山水")
    step(shop, "profile", name="山间茶铺", name_en="Hillside Tea", about="自家茶园。", region="浙江杭州")
    step(shop, "policies", return_policy="七天可退。")
    account = {"bank": "工商银行", "holder": BUSINESS, "number": "6222020200001234567"}
    asked = shop.post("/merchant/settings/account/", account)
    assert confirm_page(shop, asked, to=merchant.phone)["Location"] == APPLY
    store = Store.objects.get(owner=merchant)
    assert store.slug == "hillside-tea"
    product = ProductFactory(store=store, category=food, status="draft")
    product.images.create(large="a", card="a", thumb="a", sha256="0" * 64)
    trial = shop.post("/merchant/trial/", {"act": "place"})["Location"]
    pay_at_bank(trial.strip("/").split("/")[1])
    assert shop.post("/merchant/trial/", {"act": "release"}).status_code == 302
    page = says(shop.get(APPLY))
    assert "7 of 7 needed steps done" in page, page
    assert shop.post(APPLY, {"act": "submit"}).status_code == 302
    assert "It is with us" in says(shop.get(APPLY))
    assert client_buys_nothing(product)

    application = StoreApplication.objects.get(store=store)
    place = reverse("console:application", args=[application.pk])
    queue = says(desk.get("/console/applications/?view=unassigned"))
    assert "山间茶铺" in queue or "Hillside Tea" in queue, queue
    assert identity_number() not in says(desk.get(place))
    assert desk.post(f"{place}take/").status_code == 302
    page = says(desk.get(place))
    assert identity_number() in page and code_no(800) in page and "same name" in page
    for row in StoreDocument.objects.filter(store=store):
        shown = desk.get(reverse("console:document-file", args=[row.pk]) + "?copy=1")
        assert shown["Content-Type"] == "image/webp"
        assert desk.post(reverse("console:document-decide", args=[row.pk]), {"act": "accept"}).status_code == 302
    assert desk.post(f"{place}decide/", {"act": "approve"}).status_code == 302
    settle()

    assert Payout.objects.get().amount_minor == 100, "the test order's money has proven the account"
    put = reverse("merchant:product-status", args=[product.pk])
    assert shop.post(put, {"status": "listed"}).status_code == 302
    assert Product.objects.get().status == "listed"
    order = paid_order(variant=product.variants.get())
    sandbox_carrier(store.pk)
    assert order.status == "paid"
    licence = says(Client(HTTP_ACCEPT_LANGUAGE="en").get(f"/s/{store.slug}/licence/"))
    assert BUSINESS in licence and code_no(800) in licence and identity_number() not in licence
    assert NAME not in licence, "who represents a company is masked"


def state_of(client, key: str) -> str:
    return next(stand.state for stand in client.get(APPLY).context["stands"] if stand.step.key == key)


def test_each_step_leads_to_where_it_is_done_and_both_locks_are_done_once_they_are_on():
    merchant = begun().store.owner
    shop = visitor(merchant)
    page = shop.get(APPLY)
    urls = {stand.step.key: stand.url for stand in page.context["stands"]}
    for key, url in urls.items():
        assert f'href="{url}"' in page.content.decode(), key
        answer = shop.get(url.partition("#")[0], follow=True)
        assert answer.status_code == 200, (key, url)
        part = url.partition("#")[2]
        assert not part or f'id="{part}"' in answer.content.decode(), url
    assert urls["two_factor"] == "/me/security/#app" and urls["device_lock"] == "/me/devices/#lock"
    assert says(page).count("Advised") == 2

    assert shop.post("/me/devices/lock/", {"on": "1"}).status_code == 302
    assert (state_of(shop, "device_lock"), state_of(shop, "two_factor")) == ("accepted", "todo")
    with_app(merchant)
    assert state_of(shop, "two_factor") == "accepted"
    assert not says(shop.get(APPLY)).count("Advised")
    prove(shop, merchant, Act("device_lock"))
    assert shop.post("/me/devices/lock/", {"on": "0"}).status_code == 302
    assert state_of(shop, "device_lock") == "todo", "what is switched off again is to do again"


def client_buys_nothing(product) -> bool:
    buyer = visitor(UserFactory())
    answer = buyer.post(reverse("shop:cart-add"), {"variant": str(product.variants.get().pk), "quantity": "1"})
    assert answer.status_code in (302, 404, 409)
    return not CartLine.objects.exists()


# --- the merchant's pages ---------------------------------------------------------------------------------------------


def test_a_number_that_is_taken_says_so_at_its_field():
    filled(number=code_no(900))
    mine = begun()
    answer = visitor(mine.store.owner).post(
        f"{APPLY}licence/", {"part": "words", "legal_name": "店", "licence_number": code_no(900)}
    )
    assert answer.status_code == 422
    assert "One licence stands behind one store" in says(answer)
    assert "山间茶铺" not in says(answer)


def test_a_wrong_file_is_told_at_its_place_and_nothing_is_lost():
    application = filled()
    client = visitor(application.store.owner)
    bad = picture()
    bad.file.seek(0)
    bad.file.write(b"<html>")
    bad.seek(0)
    answer = client.post(f"{APPLY}licence/", {"part": "document", "licence-slot": "licence", "licence-file": bad})
    assert answer.status_code == 422
    assert "Send a PDF or a picture" in says(answer)
    assert StoreDocument.objects.filter(store=application.store, kind="licence", status="saved").exists()
    nowhere = client.post(f"{APPLY}licence/", {"part": "document", "permit/food-slot": "permit/food"})
    assert nowhere.status_code == 400, "for a paper that nobody asked for"


def test_own_numbers_are_shown_masked():
    application = filled(number=code_no(901))
    client = visitor(application.store.owner)
    for key, number in (("identity", identity_number()), ("licence", code_no(901))):
        page = client.get(f"{APPLY}{key}/").content.decode()
        assert number not in page
        assert number[-4:] in page


def test_a_returned_application_tells_its_merchant_what_and_why():
    application, reviewer = taken()
    desk = visitor(reviewer)
    place = reverse("console:application", args=[application.pk])
    row = StoreDocument.objects.get(store=application.store, kind="licence")
    decide = reverse("console:document-decide", args=[row.pk])
    refused = desk.post(decide, {"act": "return", "reason": ""}, HTTP_REFERER=f"http://testserver{place}")
    assert refused.status_code == 302
    assert "Give a reason" in says(desk.get(place))
    desk.post(decide, {"act": "return", "reason": "A corner is missing."})
    desk.post(f"{place}steps/policies/", {"act": "return", "reason": "Say who pays."})
    desk.post(f"{place}decide/", {"act": "return", "reason": "Two things."})
    shop = visitor(application.store.owner)
    page = says(shop.get(APPLY))
    assert "A corner is missing." in page and "Say who pays." in page and "Two things." in page
    assert "Two things." in says(shop.get("/merchant/"))
    send(shop, "licence", "licence")
    step(shop, "policies", return_policy="The buyer pays.")
    assert shop.post(APPLY, {"act": "submit"}).status_code == 302
    assert StoreApplication.objects.get().status == "submitted"


def test_a_refused_applicant_reads_why_and_his_store_stays_shut(client):
    application, reviewer = taken()
    visitor(reviewer).post(
        reverse("console:application-decide", args=[application.pk]), {"act": "refuse", "reason": "Not real."}
    )
    assert "Not real." in says(visitor(application.store.owner).get(APPLY))


def test_the_home_page_says_how_the_store_stands():
    application = begun()
    assert "Your store is not open yet" in says(visitor(application.store.owner).get("/merchant/"))
    store, _ = approved()
    assert "not open yet" not in says(visitor(store.owner).get("/merchant/"))


def test_who_has_a_store_already_is_not_asked_to_open_one():
    store = StoreFactory()
    assert visitor(store.owner).get(APPLY)["Location"] == "/merchant/"


# --- the reviewer's pages ---------------------------------------------------------------------------------------------


def test_a_reviewer_who_is_of_the_store_is_told_so_and_cannot_act():
    staff = MediatorFactory()
    application, _ = taken(owner=staff)
    desk = visitor(staff)
    place = reverse("console:application", args=[application.pk])
    page = says(desk.get(place))
    assert "You are of this store" in page
    assert identity_number() not in page
    assert "Decide on the whole" not in page
    desk.post(f"{place}decide/", {"act": "approve"})
    assert StoreApplication.objects.get().status == "submitted"


def test_numbers_are_opened_for_the_reviewer_alone_and_each_time_on_record():
    application, reviewer = taken()
    place = reverse("console:application", args=[application.pk])
    assert identity_number() not in says(visitor(MediatorFactory()).get(place))
    assert not AuditEntry.objects.filter(act="application.numbers_viewed").exists()
    assert identity_number() in says(visitor(reviewer).get(place))
    assert AuditEntry.objects.get(act="application.numbers_viewed").user_id == reviewer.pk


def test_reviewing_asks_for_a_fresh_proof():
    application, reviewer = taken()
    desk = visitor(reviewer)
    let_time_pass(desk)
    for path in (
        reverse("console:application", args=[application.pk]),
        reverse("console:document-file", args=[StoreDocument.objects.first().pk]),
    ):
        assert desk.get(path)["Location"].startswith("/me/confirm/")
    accept_papers(application, reviewer)
    desk.post(reverse("console:application-decide", args=[application.pk]), {"act": "approve"})
    assert StoreApplication.objects.get().status == "submitted"


def test_the_queue_shows_age_owner_and_what_is_late():
    _application, reviewer = taken()
    desk = visitor(reviewer)
    assert "late" not in says(desk.get("/console/applications/"))
    wait(days=9)
    desk = visitor(reviewer)
    page = says(desk.get("/console/applications/?view=overdue"))
    assert "late" in page and reviewer.display_name in page
    for view in ("unassigned", "mine", "all", "renewals", "merchant", "decided", "nonsense"):
        assert desk.get(f"/console/applications/?view={view}").status_code == 200


def test_a_store_is_suspended_and_its_end_signed_by_a_second_person_over_the_pages():
    order = paid_order()
    store = order.store
    one, two = visitor(MediatorFactory()), visitor(MediatorFactory())
    place = reverse("console:store", args=[store.pk])
    page = says(one.get(place))
    assert "the store ships, else the buyer is refunded" in page and "¥128.00" in page
    one.post(f"{place}act/", {"act": "suspend", "reason": "Complaints."})
    assert Store.objects.get(pk=store.pk).status == "suspended"
    one.post(f"{place}act/", {"act": "end", "reason": "Fakes.", "refund": "yes"})
    assert "waits for a second person" in says(one.get(place))
    one.post(f"{place}act/", {"act": "sign"}, HTTP_REFERER=f"http://testserver{place}")
    assert StoreEnding.objects.get().signed_at is None
    assert "¥128.00 held" in says(two.get(place))
    two.post(f"{place}act/", {"act": "sign"})
    settle()
    order.refresh_from_db()
    assert order.status == "refunded"
    assert Store.objects.get(pk=store.pk).status == "ended"
    assert Client().get(reverse("shop:store", args=[store.slug])).status_code == 200


def test_a_check_is_opened_taken_and_closed_over_the_pages():
    store, _ = approved()
    staff = MediatorFactory()
    desk = visitor(staff)
    place = reverse("console:store", args=[store.pk])
    desk.post(f"{place}check/", {"reason": "A letter."})
    assert "A letter." in says(desk.get("/console/stores/checks/"))
    row = seen_licence(store.pk)
    assert desk.get(reverse("console:document-file", args=[row.pk])).status_code == 200
    check = store.checks.get()
    assert desk.post(reverse("console:check-close", args=[check.pk]), {"act": "passed", "finding": "Fine."}).status_code
    assert desk.get(reverse("console:document-file", args=[row.pk])).status_code == 404


# --- the storefront ---------------------------------------------------------------------------------------------------


def test_the_store_page_links_the_licence_we_have_seen_and_no_other(client):
    store, _ = approved()
    client.cookies["django_language"] = "en"
    link = reverse("shop:store-licence", args=[store.slug])
    assert link in client.get(reverse("shop:store", args=[store.slug])).content.decode()
    assert client.get(link).status_code == 200
    bare = StoreFactory()
    link = reverse("shop:store-licence", args=[bare.slug])
    assert link not in client.get(reverse("shop:store", args=[bare.slug])).content.decode()
    assert client.get(link).status_code == 404
    assert client.get(reverse("shop:store-licence", args=[begun().store.slug])).status_code == 404


def test_the_footer_shows_what_the_law_wants(client, settings):
    """M4: filing number, public-security number, licence of the platform, where to report."""
    settings.FOOTER = {
        "icp": "浙ICP备00000000号", "police": "浙公网安备00000000000000号", "licence_url": "/static/licence.webp",
        "report": "mailto:report@example.com",
    }  # fmt: skip
    frame._drawn.cache_clear()
    page = client.get("/").content.decode()
    frame._drawn.cache_clear()
    for shown in ("浙ICP备00000000号", "浙公网安备00000000000000号", "/static/licence.webp", "report@example.com"):
        assert shown in page
