"""Pages of codes: the pool of a merchant, the ceremony of a buyer, and nobody else's look at either."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.services.step_up import Act as Confirmed
from core import clock
from core.models import AuditEntry
from flows import codes as flow
from shop.models import CardKey, CodeBatch, Order, Variant
from shop.services import code_import
from tests.accounts.proofs import prove_me
from tests.factories.accounts import AddressFactory, MediatorFactory, UserFactory
from tests.factories.shop import ProductFactory, StoreFactory
from tests.stories import code_variant, fill_cart, fresh, hand_in, open_case, paid_order, reveal, settle

pytestmark = pytest.mark.django_db


def at(person: User | None) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    if person is not None:
        client.force_login(person)
    return client


def page_of(order: Order) -> str:
    return reverse("shop:order-codes", args=[order.number])


def pool_of(variant: Variant) -> str:
    return reverse("merchant:product-codes", args=[variant.product_id])


def merchant_of(variant: Variant) -> User:
    return variant.product.store.owner


def post(variant: Variant, **said: object):
    return at(merchant_of(variant)).post(pool_of(variant), {"variant": str(variant.pk), **said})


def test_codes_are_masked_until_their_buyer_says_that_he_knows():
    order = paid_order(variant=code_variant(keys=2), quantity=2)
    buyer = at(order.buyer)
    values = [key.open() for key in CardKey.objects.all()]
    page = buyer.get(page_of(order)).content.decode()
    assert "Open this code" in page and not [value for value in values if value in page]
    buyer.post(page_of(order), {})
    assert not CardKey.objects.filter(revealed_at__isnull=False).exists(), "the box was not ticked"
    key = CardKey.objects.filter(n=1).get()
    assert buyer.get(page_of(order)).status_code == 200
    assert not CardKey.objects.filter(revealed_at__isnull=False).exists(), "looking opens nothing"
    answer = buyer.post(
        page_of(order), {"key": str(key.pk), "understood": "on"}, HTTP_USER_AGENT="Mozilla Chrome/1 Android"
    )
    assert answer.status_code == 302
    page = buyer.get(page_of(order)).content.decode()
    assert key.open() in page
    assert not [value for value in values if value != key.open() and value in page]
    assert AuditEntry.objects.get(act="code.revealed").facts["device"] == "Chrome, Android"
    assert buyer.get(page_of(order))["Cache-Control"] == "private, no-store"


def test_a_code_is_on_no_other_page_and_in_no_file():
    order = paid_order(variant=code_variant(keys=1))
    value = reveal(order)[0].value
    case = open_case(order)
    settle()
    buyer, merchant, staff = at(order.buyer), at(order.store.owner), at(MediatorFactory())
    number = [order.number]
    seen = [
        (buyer, reverse("shop:order", args=number)), (buyer, reverse("shop:orders")),
        (buyer, reverse("shop:order-record", args=number)), (buyer, reverse("shop:order-promise", args=number)),
        (buyer, reverse("accounts:inbox")), (buyer, reverse("disputes:case", args=[case.number])),
        (buyer, f"/api/v1/orders/{order.number}/"), (buyer, f"/api/v1/orders/{order.number}/timeline/"),
        (merchant, reverse("merchant:order", args=number)), (merchant, reverse("merchant:orders-export")),
        (merchant, reverse("merchant:order-record", args=number)),
        (merchant, reverse("merchant:product-codes", args=[order.lines.get().product_id])),
        (merchant, reverse("merchant:case", args=[case.number])),
        (merchant, f"/api/v1/merchant/products/{order.lines.get().product_id}/codes/"),
        (staff, reverse("console:order", args=number)), (staff, reverse("console:order-codes", args=number)),
        (staff, reverse("console:case", args=[case.number])),
    ]  # fmt: skip
    for client, path in seen:
        answer = client.get(path)
        assert answer.status_code == 200, path
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert value.encode() not in body, path


@pytest.mark.parametrize("who", ["anonymous", "stranger", "merchant", "mediator"])
def test_nobody_else_opens_a_buyers_codes(who):
    order = paid_order(variant=code_variant(keys=1))
    people = {
        "anonymous": None,
        "stranger": UserFactory(),
        "merchant": order.store.owner,
        "mediator": MediatorFactory(),
    }
    client = at(people[who])
    for answer in (client.get(page_of(order)), client.post(page_of(order), {"understood": "on"})):
        assert answer.status_code == (302 if who == "anonymous" else 404)
    assert not CardKey.objects.filter(seen_at__isnull=False).exists()


def test_an_order_of_goods_has_no_codes_to_open():
    order = paid_order()
    assert at(order.buyer).get(page_of(order)).url == order.get_absolute_url()


def test_in_a_case_the_page_says_why_codes_stay_closed():
    order = paid_order(variant=code_variant(keys=1))
    open_case(order)
    buyer = at(order.buyer)
    page = buyer.get(page_of(order)).content.decode()
    assert "stay closed while the case is open" in page and "Open this code" not in page
    buyer.post(page_of(order), {"understood": "on"})
    assert not CardKey.objects.filter(revealed_at__isnull=False).exists()


def test_findings_of_a_case_say_what_was_opened_when_and_on_which_device():
    """D15."""
    order = paid_order(variant=code_variant(keys=2), quantity=2, buyer=UserFactory(language="en"))
    reveal(order, CardKey.objects.get(n=1))
    case = open_case(order)
    page = at(order.buyer).get(reverse("disputes:case", args=[case.number])).content.decode()
    assert "with Firefox, Linux" in page
    assert "the buyer has never opened it" in page
    assert "no parcel on record" not in page


# --- the merchant's pool -------------------------------------------------------------------------------------------


def test_each_line_is_judged_and_nothing_is_taken_in_by_looking():
    variant, elsewhere = code_variant(keys=0), code_variant(keys=0)
    hand_in(elsewhere, 0, text="TAKEN-0001")
    text = "GOOD-0001\n\nGOOD-0002\ngood 0001\nA-1\ntaken0001\n" + "X" * 501 + "\nGOOD-0003\u200b"
    answer = post(variant, text=text, check="1")
    page = answer.content.decode()
    assert answer.status_code == 200
    for words in (
        "2 lines can be taken", "Line 2: It is empty", "Line 4: It is in here twice", "Line 5: It is too short",
        "Line 6: It is known already", "Line 7: It is too long", "Line 8: It has characters", "Hand in 2 codes",
    ):  # fmt: skip
        assert words in page, words
    assert CardKey.objects.count() == 1
    refused = post(variant, text=text, hand_in="1")
    assert refused.status_code == 400
    assert "nothing was taken in" in refused.content.decode()
    assert CardKey.objects.count() == 1, "nothing half-done"
    assert post(variant, text=text, hand_in="1", leave_out_bad="on").status_code == 302
    assert CardKey.objects.filter(variant=variant).count() == 2
    variant.refresh_from_db()
    assert variant.stock == 2 and variant.product.__class__.objects.get(pk=variant.product_id).in_stock


def test_a_table_has_dates_and_what_expires_too_soon_is_refused():
    variant = code_variant(keys=0)
    now = clock.now()
    later, soon, past = ((now + timedelta(days=days)).date().isoformat() for days in (400, 2, -9))
    rows = [
        "code,expires",
        f"ROW-00001,{later}",
        f"ROW-00002,{soon}",
        f"ROW-00003,{past}",
        "ROW-00004,",
        "ROW-00005,31/12/27",
    ]
    file = SimpleUploadedFile("codes.csv", ("\ufeff" + "\r\n".join(rows)).encode(), "text/csv")
    page = post(variant, file=file, check="1", expires_on="").content.decode()
    for words in (
        "2 lines can be taken",
        "Line 3: It has expired",
        "Line 4: It has expired",
        "Line 6: Its date is not one",
    ):
        assert words in page, words
    assert "ROW-00001" in page, "the file's text is shown to who sent it, for a browser cannot send it twice"
    assert post(variant, text="\n".join(rows[:2] + rows[4:5]), hand_in="1").status_code == 302
    assert sorted(bool(key.expires_at) for key in CardKey.objects.all()) == [False, True]


@pytest.mark.parametrize("said", [{}, {"text": "  "}, {"text": "A" * 1_000_001}, {"text": "\n".join(["x"] * 10_001)}])
def test_nothing_too_much_and_no_text_are_refused_in_words(said):
    variant = code_variant(keys=0)
    assert post(variant, **said).status_code == 400
    file = SimpleUploadedFile("codes.csv", b"\xff\xfe\x00\x81", "text/csv")
    assert post(variant, file=file).status_code == 400


def test_a_batch_is_stopped_goes_on_and_is_withdrawn():
    variant = code_variant(keys=4)
    sold = paid_order(variant=variant)
    batch = CodeBatch.objects.get()
    url = reverse("merchant:product-codes-batch", args=[variant.product_id, batch.pk])
    client = at(merchant_of(variant))

    def act(name: str, reason: str = "two complaints") -> tuple[int, int]:
        client.post(url, {"act": name, "reason": reason})
        variant.refresh_from_db()
        return variant.stock, CardKey.objects.filter(status="available").count()

    assert act("stop", reason="") == (3, 3), "without a reason nothing happens"
    assert act("stop") == (0, 0)
    assert act("resume") == (3, 3)
    assert act("withdraw") == (0, 0)
    assert act("resume") == (0, 0)
    assert fresh(sold).status == "delivered" and len(reveal(sold)) == 1
    acts = AuditEntry.objects.filter(subject_type="product").values_list("act", flat=True)
    assert [name for name in acts if name.startswith("codes.")] == [
        "codes.handed_in", "codes.stopped", "codes.resumed", "codes.withdrawn", "codes.resumed"
    ]  # fmt: skip


def test_another_store_sees_no_pool_and_touches_no_batch():
    variant, other = code_variant(keys=2), StoreFactory()
    batch = CodeBatch.objects.get()
    client = at(other.owner)
    assert client.get(pool_of(variant)).status_code == 404
    assert client.post(pool_of(variant), {"text": "MINE-0001", "hand_in": "1"}).status_code == 404
    url = reverse("merchant:product-codes-batch", args=[variant.product_id, batch.pk])
    assert client.post(url, {"act": "withdraw", "reason": "x"}).status_code == 404
    own = code_variant(keys=0, store=other)
    crossed = reverse("merchant:product-codes-batch", args=[own.product_id, batch.pk])
    assert client.post(crossed, {"act": "withdraw", "reason": "x"}).status_code == 404
    assert CardKey.objects.filter(status="available").count() == 2
    goods = ProductFactory(store=other)
    assert client.get(reverse("merchant:product-codes", args=[goods.pk])).status_code == 404


def test_a_merchant_replaces_a_code_on_the_order():
    variant = code_variant(keys=2)
    order = paid_order(variant=variant)
    key = CardKey.objects.get(status="sold")
    client, url = at(order.store.owner), reverse("merchant:order-code-replace", args=[order.number])
    assert "not opened" in client.get(reverse("merchant:order", args=[order.number])).content.decode()
    client.post(url, {"key": str(key.pk), "reason": ""})
    assert CardKey.objects.get(pk=key.pk).status == "sold"
    assert client.post(url, {"key": str(key.pk), "reason": "issuer refuses it"}).status_code == 302
    assert CardKey.objects.get(pk=key.pk).status == "replaced"
    assert at(StoreFactory().owner).post(url, {"key": str(key.pk), "reason": "x"}).status_code == 404


def test_the_stock_of_codes_cannot_be_typed():
    variant = code_variant(keys=2)
    client = at(merchant_of(variant))
    client.post(reverse("merchant:products"), {"variant": str(variant.pk), "seen": "2", "stock": "99"})
    variant.refresh_from_db()
    assert variant.stock == 2
    page = client.get(reverse("merchant:product", args=[variant.product_id])).content.decode()
    assert "Stock is counted from the pool" in page
    assert pool_of(variant) in client.get(reverse("merchant:products")).content.decode()


def test_a_product_of_codes_is_written_with_an_empty_pool():
    store, category = StoreFactory(), ProductFactory().category
    form = {
        "kind": "code", "category": str(category.pk), "title": "软件激活码", "weight_g": "",
        "variants-TOTAL_FORMS": "1", "variants-INITIAL_FORMS": "0", "variants-0-name": "", "variants-0-price": "19.80",
        "variants-0-is_active": "on",
    }  # fmt: skip
    answer = at(store.owner).post(reverse("merchant:product-new"), form)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    product = store.products.get()
    assert (product.kind, product.variants.get().stock, product.in_stock) == ("code", 0, False)
    page = at(store.owner).get(answer.url).content.decode()
    assert "Hand in codes: nothing is there to be sold." in page
    hand_in(product.variants.get(), 1)
    product.refresh_from_db()
    assert product.in_stock


# --- staff ---------------------------------------------------------------------------------------------------------


def test_staff_see_codes_in_the_answer_to_a_reason_only():
    order = paid_order(variant=code_variant(keys=1))
    staff, url = at(MediatorFactory()), reverse("console:order-codes", args=[order.number])
    value = CardKey.objects.get().open()
    assert value not in staff.get(url).content.decode()
    for reason in ("", "short"):
        answer = staff.post(url, {"reason": reason})
        assert answer.status_code == 400 and value not in answer.content.decode()
    assert not CardKey.objects.get().seen_at
    asked = staff.post(url, {"reason": "The issuer asks which one it is."})
    assert asked.status_code == 403 and value not in asked.content.decode(), "a session alone opens nothing sealed"
    assert not CardKey.objects.get().seen_at
    prove_me(staff, Confirmed("sealed_view", target=str(order.pk)))
    answer = staff.post(url, {"reason": "The issuer asks which one it is."})
    assert value in answer.content.decode()
    assert value not in staff.get(url).content.decode()
    assert AuditEntry.objects.filter(act="code.opened_by_staff").count() == 1
    for person in (order.buyer, order.store.owner):
        assert at(person).post(url, {"reason": "I would like to see it."}).status_code == 404


def test_a_mediator_does_not_open_codes_of_his_own_order():
    buyer = MediatorFactory()
    order = paid_order(variant=code_variant(keys=1), buyer=buyer)
    answer = at(buyer).post(reverse("console:order-codes", args=[order.number]), {"reason": "a good long reason"})
    assert answer.status_code == 404
    assert not CardKey.objects.get().seen_at


# --- buying --------------------------------------------------------------------------------------------------------


def test_codes_are_bought_without_an_address():
    buyer, variant = UserFactory(), code_variant(keys=2)
    fill_cart(buyer, variant)
    client = at(buyer)
    page = client.get(reverse("shop:checkout"))
    assert "Where to" not in page.content.decode()
    assert "reserved for 15 minutes" in page.content.decode()
    form = {"seen_total_minor": page.context["cart"].total.minor, "checkout_key": str(page.context["checkout_key"])}
    assert client.post(reverse("shop:checkout"), form).status_code == 302
    order = buyer.orders.get()
    assert (order.kind, order.address, order.shipping_minor) == ("code", {}, 0)


def test_a_cart_of_both_kinds_of_one_store_becomes_two_orders_under_one_payment():
    store = StoreFactory(shipping_minor=800)
    goods, code = ProductFactory(store=store).variants.get(), code_variant(keys=1, store=store)
    buyer = UserFactory()
    fill_cart(buyer, goods, code)
    client = at(buyer)
    page = client.get(reverse("shop:checkout"))
    form = {"seen_total_minor": page.context["cart"].total.minor, "checkout_key": str(page.context["checkout_key"])}
    refused = client.post(reverse("shop:checkout"), form)
    assert refused.status_code == 400, "the parcel must go somewhere"
    assert not buyer.orders.exists()
    address = AddressFactory(user=buyer)
    page = client.get(reverse("shop:checkout"))
    form |= {"checkout_key": str(page.context["checkout_key"]), "address": str(address.pk)}
    assert client.post(reverse("shop:checkout"), form).status_code == 302
    made = {order.kind: order for order in buyer.orders.all()}
    assert set(made) == {"physical", "code"}
    assert made["physical"].payment_id == made["code"].payment_id
    assert (made["physical"].shipping_minor, made["code"].shipping_minor) == (800, 0)
    assert made["physical"].address and not made["code"].address
    assert made["physical"].policy.kind == "physical" and made["code"].policy.kind == "code"


def test_the_same_code_written_another_way_is_the_same():
    ways = ("AB-12 cd", "ab12CD", "ＡＢ－１２　ｃｄ", "A B 1 2 C D")
    assert len({code_import.fingerprint(way) for way in ways}) == 1
    assert code_import.fingerprint("AB12CE") != code_import.fingerprint("AB12CD")


def test_an_opened_key_prints_nothing_of_itself():
    order = paid_order(variant=code_variant(keys=1))
    opened = reveal(order)[0]
    printed = [opened, opened.key, opened.key.value, flow.Opened(opened.key, opened.value)]
    assert opened.value not in f"{printed} {[str(thing) for thing in printed]}"
