"""A beginner opens a store: the list step by step, a reviewer who sends it back, corrected papers, the open shop."""

from __future__ import annotations

import pytest

from accounts.models import User
from shop.models import Store, StoreApplication, StoreDocument
from tests.accounts.letters import code_to
from tests.browser.entrance import BOTH, GO
from tests.factories.accounts import PASSWORD, MediatorFactory, UserFactory
from tests.factories.shop import CategoryFactory, ProductFactory
from tests.stories import settle
from tests.vetting import BUSINESS, NAME, code_no, identity_number, picture

pytestmark = pytest.mark.usefixtures("mails_arrive")
APPLY = "/merchant/apply/"
SAVE = "main form:has([value=words]) .button-primary"


def save(me, key: str, *, shot: str = "", **words: str) -> None:
    me.open(f"{APPLY}{key}/")
    me.type(**words)
    me.press(SAVE, shot=shot)


def send_in(me, slot: str, file, *, shot: str = "") -> None:
    """Choose a file for one paper, as a phone's picture of it, and keep it."""
    paper = me.page.locator(f"details:has([name='{slot}-file'])")
    if paper.get_attribute("open") is None:
        paper.locator("summary").click()
    me.page.set_input_files(f"[name='{slot}-file']", file)
    me.press(f"form:has([name='{slot}-file']) button", shot=shot)


def fill_in(me, merchant: User, paper) -> None:
    """Every step that is needed to sell food."""
    me.open(f"{APPLY}identity/")
    me.page.check("[name=kind][value=company]")
    me.type(person_name=NAME, id_number=identity_number())
    me.press(SAVE, shot="identity")
    for slot in ("id_front", "id_back"):
        send_in(me, slot, paper)
    me.look("papers")
    save(me, "licence", legal_name=BUSINESS, licence_number=code_no(810))
    send_in(me, "licence", paper)
    me.open(f"{APPLY}permits/")
    me.page.check("[name=categories]")
    me.press(SAVE)
    send_in(me, "permit/food", paper, shot="permits")
    save(me, "profile", name="山间茶铺", name_en="Hillside Tea", about="自家茶园。", region="浙江杭州")
    save(me, "policies", return_policy="不退。")
    me.open("/merchant/settings/account/", shot="account")
    me.type(bank="工商银行", holder=BUSINESS, number="6222020200001234567")
    me.press("main form .button-primary", status=403, shot="account-who")
    me.page.fill("[name=step_up_password]", PASSWORD)
    me.page.fill("[name=step_up_code]", code_to(merchant.phone))
    me.press(GO)


@pytest.mark.parametrize(("browser_language", "language"), BOTH)
def test_a_beginner_opens_a_store(visit, tmp_path, browser_language, language):
    food = CategoryFactory(permit="food")
    merchant, reviewer = UserFactory(language=language), MediatorFactory(language=language)
    paper = tmp_path / "paper.jpg"
    paper.write_bytes(picture().read())
    me = visit("opening", merchant, language=browser_language, width=390)
    me.open(APPLY, shot="begin")
    me.press("main form .button-primary", shot="list")
    assert me.page.locator("button[value=submit]").is_disabled()
    fill_in(me, merchant, paper)
    me.open(APPLY, shot="full")
    me.press("button[value=submit]", shot="sent")
    application = StoreApplication.objects.get()

    desk = visit("vetting", reviewer, language=browser_language, width=1280)
    desk.open("/console/applications/", shot="queue")
    desk.press(f"main a[href*='{application.pk}']", shot="unassigned")
    desk.press("form[action$='/take/'] button", shot="taken")
    assert identity_number() in desk.page.inner_text("#identity")
    desk.page.locator("#identity .evidence img").first.scroll_into_view_if_needed()
    desk.page.locator("#identity .evidence img").first.evaluate("picture => picture.decode()")
    front = StoreDocument.objects.get(kind="id_front")
    desk.page.fill(f"#why-{front.pk}", "A corner is missing.")
    desk.press(f"form[action='/console/documents/{front.pk}/decide/'] button[value=return]", shot="paper-back")
    desk.page.fill("#s-policies", "Say who pays.")
    desk.press("#policies button[value=return]")
    desk.page.fill("#reason", "Two things.")
    desk.press("form[action$='/decide/']:has(#reason) button[value=return]", shot="returned")
    settle()

    me.open(APPLY, shot="returned")
    said = me.page.inner_text("main")
    assert "A corner is missing." in said and "Say who pays." in said and "Two things." in said
    me.open(f"{APPLY}identity/", shot="correct")
    send_in(me, "id_front", paper)
    save(me, "policies", return_policy="七天可退，运费由买家承担。")
    me.open(APPLY)
    me.press("button[value=submit]")

    desk.open(f"/console/applications/{application.pk}/", shot="again")
    while (waits := desk.page.locator("form[action*='/console/documents/'] button[value=accept]")).count():
        with desk.page.expect_navigation():
            waits.first.click()
    desk.press("button[value=approve]", shot="approved")
    settle()

    me.open(APPLY, shot="open")
    store = Store.objects.get()
    assert store.status == "approved"
    product = ProductFactory(store=store, category=food, status="draft")
    product.images.create(large="a", card="a", thumb="a", sha256="0" * 64)
    me.open(f"/merchant/products/{product.pk}/")
    me.press("form[action$='/status/'] button[value=listed]")
    product.refresh_from_db()
    assert product.status == "listed"
