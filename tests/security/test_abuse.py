"""What others have failed at (SECURITY cases in docs/security.md) and no other test of ours holds."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from core import clock
from core.exports import safe_cell
from flows import aftersale
from shop.models import CartLine, Order
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.shop import ProductFactory
from tests.stories import actor_of, fill_cart, settle

pytestmark = pytest.mark.django_db
TEMPLATES = (
    "{{1913*7919}}",
    "{{ request.user.password }}",
    "${1913*7919}",
    "{% debug %}",
    "<%= 1913*7919 %>",
    "%(password)s",
)
SCRIPTS = (
    "<script>alert(1913)</script>", "\"><img src=x onerror=alert(1913)>", "</textarea><svg onload=alert(1913)>",
    "javascript:alert(1913)", "<a href=javascript:alert(1913)>x</a>", "'-alert(1913)-'", "&lt;script&gt;alert(1913)",
    "<iframe srcdoc='<script>alert(1913)</script>'>",
)  # fmt: skip
PAGES = {
    "buyer": ("disputes:case", "shop:order"),
    "merchant": ("merchant:case", "merchant:order"),
    "mediator": ("console:case", "console:order"),
}


def pages_of(scene, person: str) -> list[str]:
    client, found = scene.client(person), []
    for name in PAGES[person]:
        number = scene.case.number if name.endswith("case") else scene.order.number
        answer = client.get(reverse(name, args=[number]))
        assert answer.status_code == 200, name
        found.append(answer.content.decode())
    return found


@pytest.mark.parametrize("person", PAGES)
@pytest.mark.parametrize("text", TEMPLATES)
def test_failure_11_what_looks_like_a_template_is_a_text_on_every_page(scene, person, text, mailoutbox):
    """1.3.7: typed into names, notes and case rooms, and read by staff."""
    User.objects.filter(pk=scene.buyer.pk).update(name=text)
    Order.objects.filter(pk=scene.order.pk).update(note=text)
    aftersale.say(case_id=scene.case.pk, text=f"said {text}", actor=actor_of(scene.buyer), now=clock.now())
    settle()
    for page in pages_of(scene, person):
        assert "15149047" not in page
        assert scene.buyer.password not in page
    assert all("15149047" not in mail.body + mail.subject for mail in mailoutbox)


@pytest.mark.parametrize("person", PAGES)
def test_failures_4_and_13_a_buyers_script_runs_on_nobodys_page(scene, person):
    """Stored, then read by the other side and by staff: as text, under a policy that would not run it anyway."""
    User.objects.filter(pk=scene.buyer.pk).update(name=SCRIPTS[0])
    Order.objects.filter(pk=scene.order.pk).update(note=SCRIPTS[1])
    for text in SCRIPTS:
        aftersale.say(case_id=scene.case.pk, text=text, actor=actor_of(scene.buyer), now=clock.now())
    for page in pages_of(scene, person):
        for bad in ("<script>alert(1913)", "<img src=x", "<svg onload", "<iframe srcdoc", "<a href=javascript:"):
            assert bad not in page
    assert scene.client(person).get("/").headers["Content-Security-Policy"].count("'unsafe") == 0


def test_failure_18_what_is_decoded_once_stays_as_it_is(client):
    """acg-faka decoded twice: a literal %0A became a line break."""
    page = client.get("/search/", {"q": "%253Cscript%253E%250A"}).content.decode()
    assert "%253Cscript%253E%250A" in page.replace("&#37;", "%")
    assert "%3Cscript" not in page.replace("%253Cscript", "")


def test_failure_22_the_cart_of_who_has_signed_out_is_nobodys():
    buyer, variant = UserFactory(), ProductFactory().variants.get()
    fill_cart(buyer, variant, quantity=2)
    client = Client()
    client.force_login(buyer)
    assert str(variant.product.title) in client.get("/cart/").content.decode()
    client.post(reverse("account_logout"))
    assert str(variant.product.title) not in client.get("/cart/").content.decode()
    line = CartLine.objects.get()
    for who in (client, Client()):
        assert who.post(reverse("shop:cart-line", args=[line.pk]), {"quantity": "9"}).status_code in (302, 404)
    line.refresh_from_db()
    assert line.quantity == 2


def test_failure_10_one_visitors_cart_is_closed_to_another():
    variant = ProductFactory().variants.get()
    first, second = Client(), Client()
    first.post(reverse("shop:cart-add"), {"variant": str(variant.pk), "quantity": "2"})
    line = CartLine.objects.get()
    second.get("/cart/")
    assert second.post(reverse("shop:cart-line", args=[line.pk]), {"quantity": "9"}).status_code in (302, 404)
    line.refresh_from_db()
    assert line.quantity == 2


@pytest.mark.parametrize(
    "extra", ["is_mediator", "is_staff", "is_superuser", "balance", "store", "id", "user", "phone_verified"]
)
def test_asvs_15_3_3_nobody_makes_himself_more_than_he_is(extra):
    """API3: a field that no form of ours has is refused by the API and changes nothing on a page."""
    user = UserFactory()
    client = Client()
    client.force_login(user)
    before = User.objects.filter(pk=user.pk).values().get()
    client.post("/me/", {"name": user.name, "language": "en", extra: "1"})
    answer = client.patch("/api/v1/me/", {"name": "Lin", extra: True}, content_type="application/json")
    assert answer.status_code in (400, 403)
    after = User.objects.filter(pk=user.pk).values().get()
    for name in ("is_mediator", "is_staff", "is_superuser", "phone_verified", "id"):
        assert before[name] == after[name]


@pytest.mark.parametrize(
    "field", ["price", "price_minor", "discount", "shipping_minor", "currency", "total", "fee_bps"]
)
def test_abuse_1_what_something_costs_is_never_the_buyers_word(field):
    variant = ProductFactory().variants.get()
    buyer = UserFactory()
    AddressFactory(user=buyer)
    fill_cart(buyer, variant)
    client = Client()
    client.force_login(buyer)
    from tests.journeys.forms import form_to

    page = reverse("shop:checkout")
    form = form_to(client.get(page).content.decode(), page, page=page, having="checkout_key")
    client.post(page, {**form.filled({}), field: "1"})
    order = Order.objects.get()
    assert order.total_minor == variant.price_minor + order.shipping_minor
    assert (order.shipping_minor, order.currency) != (1, "1")


def test_asvs_15_3_7_the_same_parameter_twice_is_no_way_round(client):
    for query in ("q=a&q=b", "page=1&page=x", "sort=price&sort=';--", "low=1&low=-1"):
        assert client.get(f"/search/?{query}").status_code == 200


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1", " =1"])
def test_asvs_1_2_10_no_cell_is_a_formula(cell):
    assert safe_cell(cell).startswith("'")


def test_asvs_15_3_5_true_is_not_one(scene):
    client = scene.client("buyer")
    variant = scene.product.variants.get()
    for bad in (True, "1", 1.0, [1], {"n": 1}, None):
        answer = client.post(
            "/api/v1/cart/lines/", {"variant": str(variant.pk), "quantity": bad}, content_type="application/json"
        )
        assert answer.status_code == 400 or (bad == "1" and answer.status_code < 300), bad
