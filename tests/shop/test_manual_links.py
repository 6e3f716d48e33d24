"""A product's link to its manual: who may set it, what he proves, and the page between the site and where it leads."""

from __future__ import annotations

import re

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.services import standing
from accounts.services.standing import AccountLimited
from accounts.services.step_up import Act, digest_of
from accounts.states import Standing
from core import clock
from core.actor import SYSTEM
from core.errors import NotFound
from core.links import way_out
from core.models import AuditEntry
from shop.errors import NoSuchProduct, NotYourPart
from shop.models import Product, Store, StoreMember
from shop.roles import MAY, Role
from shop.roles import Act as Part
from shop.services.product_links import set_manual
from tests.accounts.proofs import confirm_page, prove
from tests.factories.accounts import UserFactory
from tests.factories.shop import ProductFactory, StoreFactory
from tests.stories import actor_of, delivered_order

pytestmark = pytest.mark.django_db
MANUAL = "https://maker.example.com/manual"
ASKS = (403, 429)


@pytest.fixture
def product():
    return ProductFactory()


@pytest.fixture
def owner(product):
    client = Client(headers={"accept-language": "en"})
    client.force_login(product.store.owner)
    return client


def page_of(product):
    return reverse("merchant:product-link", args=[product.pk])


def linked(product, link=MANUAL):
    set_manual(store_id=product.store_id, product_id=product.pk, link=link, actor=actor_of(product.store.owner),
               now=clock.now())  # fmt: skip
    product.refresh_from_db()
    return product


def leaving(product, link=MANUAL, **more):
    return Client(headers={"accept-language": "en"}).get(
        reverse("shop:leaving"), {"to": way_out(product.pk, link)}, **more
    )


def test_a_link_is_set_after_a_proof_for_this_product_and_link(owner, product):
    asked = owner.post(page_of(product), {"link": MANUAL})
    product.refresh_from_db()
    assert asked.status_code == 403 and product.manual_url == ""
    assert confirm_page(owner, asked, to=product.store.owner.phone).status_code == 302
    product.refresh_from_db()
    assert (product.manual_url, product.version) == (MANUAL, 2)
    assert product.versions.get(version=2).promise["manual"] == MANUAL
    entry = AuditEntry.objects.get(act="product.link")
    assert entry.facts == {"before": "", "after": MANUAL, "version": 2}


def test_a_proof_for_one_link_sets_no_other(owner, product):
    other = ProductFactory(store=product.store)
    prove(owner, product.store.owner, Act("product_link", target=digest_of(product.pk, MANUAL)))
    assert owner.post(page_of(product), {"link": "https://evil.example.com/"}).status_code in ASKS
    assert owner.post(page_of(other), {"link": MANUAL}).status_code in ASKS
    assert not Product.objects.exclude(manual_url="").exists()
    assert owner.post(page_of(product), {"link": MANUAL}).status_code == 302
    assert owner.post(page_of(product), {"link": ""}).status_code == 302, "to take it away asks nothing"
    assert owner.post(page_of(product), {"link": MANUAL}).status_code in ASKS, "the proof is spent"


def test_saving_the_same_link_again_asks_nothing_and_makes_no_version(owner, product):
    linked(product)
    assert owner.post(page_of(product), {"link": f" {MANUAL} "}).status_code == 302
    product.refresh_from_db()
    assert product.version == 2 and AuditEntry.objects.filter(act="product.link").count() == 1


@pytest.mark.parametrize("wrong", ["http://maker.example.com/", "https://10.0.0.1/", "javascript:alert(1)", "x" * 400])
def test_a_link_that_is_none_is_refused_beside_its_field(owner, product, wrong):
    answer = owner.post(page_of(product), {"link": wrong})
    assert answer.status_code == 422 and answer.context["form"].errors["link"]
    assert not Product.objects.exclude(manual_url="").exists()


def test_only_roles_that_write_products_set_it(product):
    for role in Role:
        user = UserFactory()
        StoreMember.objects.create(store=product.store, user=user, role=role, joined_at=clock.now())
        client = Client()
        client.force_login(user)
        assert (client.get(page_of(product)).status_code == 200) == (Part.PRODUCTS in MAY[role])
        if Part.PRODUCTS not in MAY[role]:
            with pytest.raises(NotYourPart):
                set_manual(store_id=product.store_id, product_id=product.pk, link=MANUAL, actor=actor_of(user),
                           now=clock.now())  # fmt: skip


def test_another_stores_product_is_not_there(product):
    stranger = StoreFactory()
    client = Client()
    client.force_login(stranger.owner)
    assert (
        client.get(page_of(product)).status_code == client.post(page_of(product), {"link": MANUAL}).status_code == 404
    )
    with pytest.raises(NoSuchProduct):
        set_manual(store_id=stranger.pk, product_id=product.pk, link=MANUAL, actor=actor_of(stranger.owner),
                   now=clock.now())  # fmt: skip
    with pytest.raises(NotFound):
        set_manual(store_id=product.store_id, product_id=product.pk, link=MANUAL, actor=actor_of(stranger.owner),
                   now=clock.now())  # fmt: skip


def test_a_limited_account_changes_no_link(product):
    standing.change(user_id=product.store.owner_id, to=Standing.LIMITED, actor=SYSTEM, reason="alarm", now=clock.now())
    with pytest.raises(AccountLimited):
        linked(product)


def test_the_database_itself_keeps_out_what_is_not_https(product):
    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.filter(pk=product.pk).update(manual_url="javascript:alert(1)")


def test_asvs_3_7_3_product_order_and_claim_lead_to_the_page_that_warns(client):
    order = delivered_order()
    product = linked(order.lines.get().product)
    client.force_login(order.buyer)
    for page in (reverse("shop:product", args=[product.pk]), reverse("shop:order", args=[order.number]),
                 reverse("disputes:case-new", args=[order.number])):  # fmt: skip
        html = client.get(page).content.decode()
        assert re.search(r'href="/leaving/\?to=[\w:%-]+"', html), page
        assert f'href="{MANUAL}' not in html and "maker.example.com" in html


def test_asvs_3_7_3_the_page_says_where_it_leads_and_sends_nobody_by_itself(product):
    answer = leaving(linked(product))
    html = answer.content.decode()
    assert answer.status_code == 200 and "Location" not in answer.headers and "Refresh" not in answer.headers
    link = re.search(rf'<a [^>]*href="{MANUAL}"[^>]*>', html)
    assert link and 'rel="noopener noreferrer nofollow ugc"' in link[0]
    assert html.count(f'href="{MANUAL}"') == 1
    assert '<strong class="mono">maker.example.com</strong>' in html and "Stay here" in html
    assert "noindex" in answer.headers["X-Robots-Tag"]


def test_a_name_in_another_script_is_shown_as_the_browser_asks_for_it(product):
    html = leaving(linked(product, "https://аpple.com/"), "https://xn--pple-43d.com/").content.decode()
    assert "xn--pple-43d.com" in html and "аpple" not in html and "Look twice" in html


def test_asvs_3_7_3_only_a_link_that_is_stored_now_is_shown(product):
    assert leaving(product).status_code == 404, "there is none"
    linked(product)
    assert leaving(product).status_code == 200
    assert leaving(product, "https://evil.example.com/").status_code == 404
    for wrong in ("", "x", MANUAL, "\x00", "a" * 5_000):
        answer = Client(headers={"accept-language": "en"}).get(reverse("shop:leaving"), {"to": wrong})
        assert answer.status_code == 404 and MANUAL not in answer.content.decode()
    linked(product, "https://maker.example.com/second")
    assert leaving(product).status_code == 404, "changed meanwhile"
    linked(product, "")
    assert leaving(product, "").status_code == 404


def test_a_suspended_store_and_a_product_in_the_bin_lead_nobody_on(product):
    linked(product)
    Product.objects.filter(pk=product.pk).update(status="deleted")
    assert leaving(product).status_code == 404
    Product.objects.filter(pk=product.pk).update(status="unlisted")
    assert leaving(product).status_code == 200, "who has bought it may still read its manual"
    Store.objects.filter(pk=product.store_id).update(status="suspended", may_sell=False)
    assert leaving(product).status_code == 404


def test_the_warning_page_costs_few_queries(product, django_assert_max_num_queries):
    linked(product)
    with django_assert_max_num_queries(3):
        leaving(product)
