"""What people, scripts and mistakes send: each gets a clear message and the right status, and nothing is half-done."""

from __future__ import annotations

import pytest
from django.urls import NoReverseMatch, reverse

from escrow.models import Payment
from shop.models import CartLine, Order, Variant
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.shop import ProductFactory
from tests.journeys.forms import form_to
from tests.stories import fill_cart
from tests.walk.scene import Scene, set_scene

pytestmark = pytest.mark.django_db
LONG = "5" * (5 * 2**20)
QUANTITIES = {
    "negative": "-1", "zero": "0", "fraction": "1.5", "exponent": "1e9", "fullwidth": "１", "arabic": "٣",
    "superscript": "²", "letters": "abc", "nul": "1\x00", "blank": "  ", "huge": "9" * 40, "long": LONG,
    "signed": "+1", "hex": "0x1", "many": "1000",
}  # fmt: skip
HOSTILE_TEXT = ["\x00", "a\x00b", "<script>alert(1)</script>", "' OR 1=1 --", "\u202e", "😀" * 500, "𠮷" * 900]
IDS = ("", "abc", "\x00", "7d1b1f2e-0000-4000-8000-000000000000", "0", "-1", "null", "5" * 4000)
NONSENSE = ("\x00", "-1", "1e9", "１", "abc\x00def", "長" * 5_000, LONG)


@pytest.fixture
def variant() -> Variant:
    return ProductFactory().variants.get()


@pytest.fixture
def scene(db) -> Scene:
    return set_scene()


@pytest.mark.parametrize("bad", QUANTITIES.values(), ids=QUANTITIES)
def test_a_quantity_that_is_none_is_refused_in_words(client, variant, bad):
    answer = client.post(reverse("shop:cart-add"), {"variant": str(variant.pk), "quantity": bad})
    assert answer.status_code in ((413,) if bad is LONG else (400, 409, 422)), answer.status_code
    assert not CartLine.objects.exists()
    buyer = UserFactory()
    cart = fill_cart(buyer, variant, quantity=2)
    client.force_login(buyer)
    page = reverse("shop:cart")
    line = reverse("shop:cart-line", args=[cart.lines.get().pk])
    answer = client.post(line, {"quantity": bad}, HTTP_REFERER=f"http://testserver{page}")
    if bad is not LONG:
        assert answer.status_code == 302, "the message is shown on the page they came from"
        assert "flash" in client.get(page).content.decode()
    assert cart.lines.get().quantity == 2


def test_a_quantity_above_the_stock_is_kept_within_it_or_refused(client, variant):
    client.post(reverse("shop:cart-add"), {"variant": str(variant.pk), "quantity": "999"})
    buyer = UserFactory()
    AddressFactory(user=buyer)
    fill_cart(buyer, variant, quantity=variant.stock + 1)
    client.force_login(buyer)
    html = client.get(reverse("shop:checkout")).content.decode()
    assert "checkout_key" not in html or place(client, html).status_code != 302
    assert not Order.objects.exists()


@pytest.mark.parametrize("bad", IDS)
def test_unknown_ids_are_told_so(client, variant, bad):
    answer = client.post(reverse("shop:cart-add"), {"variant": bad, "quantity": "1"})
    assert answer.status_code in (400, 404, 409, 422)
    buyer = UserFactory()
    client.force_login(buyer)
    fill_cart(buyer, variant)
    AddressFactory(user=buyer)
    html = client.get(reverse("shop:checkout")).content.decode()
    answer = place(client, html, address=bad)
    assert answer.status_code in (400, 404, 422)
    assert client.get(reverse("shop:checkout"), {"line": bad}).status_code in (200, 302)
    assert not Order.objects.exists()


def place(client, html: str, **given: object):
    form = form_to(html, reverse("shop:checkout"), page=reverse("shop:checkout"), having="checkout_key")
    return client.post(reverse("shop:checkout"), form.filled(given))


def test_a_stale_checkout_shows_what_has_changed_and_buys_nothing(client, variant):
    buyer = UserFactory()
    AddressFactory(user=buyer)
    fill_cart(buyer, variant)
    client.force_login(buyer)
    html = client.get(reverse("shop:checkout")).content.decode()
    Variant.objects.filter(pk=variant.pk).update(price_minor=variant.price_minor + 100)
    answer = place(client, html)
    assert answer.status_code == 409
    assert f"{(variant.price_minor + 100) / 100:.2f}" in answer.content.decode()
    assert not Order.objects.exists()
    assert not Payment.objects.exists()
    again = place(client, answer.content.decode())
    assert again.status_code == 302, "the page with the new price can be sent"
    assert Order.objects.count() == 1


def test_the_same_checkout_twice_is_one_order(client, variant):
    buyer = UserFactory()
    AddressFactory(user=buyer)
    fill_cart(buyer, variant)
    client.force_login(buyer)
    html = client.get(reverse("shop:checkout")).content.decode()
    first, second = place(client, html), place(client, html)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert Order.objects.count() == 1


LISTS = ("shop:search", "shop:orders", "merchant:orders", "merchant:products", "console:search", "console:cases")


@pytest.mark.parametrize("name", LISTS)
def test_searching_for_nonsense_finds_nothing(client, scene, name):
    who = {"merchant": scene.merchant, "console": scene.mediator}.get(name.partition(":")[0], scene.buyer)
    client.force_login(who)
    for bad in HOSTILE_TEXT:
        answer = client.get(reverse(name), dict.fromkeys(("q", "page", "tab", "view", "sort", "cursor", "low"), bad))
        assert answer.status_code in (200, 302, 400, 404), bad
        assert b"<script>alert(1)" not in answer.content


FIELDS = ("text", "say-text", "refuse-text", "escalate-text", "offer-text", "offer-amount", "offer-remedy", "remedy",
          "amount", "ground", "evidence-shows", "number", "carrier", "weight_g", "days", "note", "reasons", "refund",
          "release", "fault", "article", "step", "reason", "name", "phone", "street", "district_code", "title",
          "parcel-number", "parcel-carrier", "order", "event", "signed", "hours", "to", "outcome", "email", "code",
          "off", "share", "cap", "minimum", "starts_at", "ends_at", "use_limit", "per_member", "products",
          "categories")  # fmt: skip
FORMS = {
    "buyer": ("shop:order-confirm", "shop:order-cancel", "shop:order-extend", "disputes:case-new", "disputes:case-say",
              "disputes:case-evidence", "disputes:case-offer", "disputes:case-refuse", "disputes:case-escalate",
              "disputes:case-send-back", "accounts:address-new", "accounts:address-parse", "shop:my-coupons"),
    "merchant": ("merchant:ship", "merchant:order-cancel", "merchant:order-grant", "merchant:shipping",
                 "merchant:shipping-import", "merchant:settings", "merchant:product-new", "merchant:coupon-new",
                 "disputes:case-say", "disputes:case-offer", "disputes:case-refuse", "disputes:case-resend"),
    "mediator": ("console:case-take", "console:rule"),
    "anonymous": ("sandbox:clock", "sandbox:sign-in", "account_login", "account_signup"),
}  # fmt: skip


@pytest.mark.parametrize("person", FORMS)
def test_no_form_breaks_on_nonsense(scene, person):
    client = scene.client(person)
    for name in FORMS[person]:
        of_case = name == "console:rule" or ("case-" in name and name != "disputes:case-new")
        path = first_that_fits(name, scene.case.number if of_case else scene.order.number)
        for bad in NONSENSE:
            answer = client.post(path, dict.fromkeys(("text",) if bad is LONG else FIELDS, bad))
            assert answer.status_code < 500, (path, bad[:9], getattr(answer, "exc_info", None))


def first_that_fits(name: str, number: str) -> str:
    try:
        return reverse(name, args=[number])
    except NoReverseMatch:
        return reverse(name)


BODIES = ("\x00", "[]", "{", '"x"', '{"hours": NaN}', '{"hours": 1e400}', '{"hours": -1}', '{"outcome": ["paid"]}',
          '{"event": {}}', "[" * 100_000)  # fmt: skip


@pytest.mark.parametrize("door", ["clock", "sign-in", "pay", "parcel"])
def test_the_json_doors_refuse_what_is_no_order(scene, door):
    args = {"pay": [scene.unpaid.payment_id], "parcel": [scene.parcel]}.get(door, [])
    for bad in BODIES:
        path, client = reverse(f"sandbox:{door}", args=args), scene.client("anonymous")
        answer = client.post(path, bad, content_type="application/json")
        assert 400 <= answer.status_code < 500, bad[:20]
        assert answer.json()


def test_a_look_with_head_is_a_look(client):
    """Link checkers and previews ask with HEAD; they must not be told that a page does not know them."""
    for path in ("/", "/cart/", "/search/", "/guarantee/", "/orders/", "/merchant/"):
        assert client.head(path).status_code in (200, 302), path
