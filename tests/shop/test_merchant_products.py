"""The merchant's shelf through its doors: list, editor, pictures, states."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core import clock
from core.actor import Actor
from core.models import AuditEntry
from shop.models import Product, Variant
from shop.services.products import ListingFacts, VariantFacts, create_product
from shop.states import ProductStatus
from tests.factories.accounts import UserFactory
from tests.factories.pictures import photo
from tests.factories.shop import CategoryFactory, ProductFactory, StoreFactory

BAD_PRICES = [
    "0",
    "-1",
    "-0.01",
    "1.234",
    "1e5",
    "１２８",
    "٣",
    "abc",
    "NaN",
    "Infinity",
    "99999999999",
    "",
    " ",
    "1 2",
]
BAD_PRICES += ["¥", "0x10"]
BAD_COUNTS = ["-1", "1.5", "1e3", "１２", "abc", "99999999", "9" * 30, "", "+5"]


@pytest.fixture(autouse=True)
def own_media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def product(db: None) -> Product:
    made: Product = ProductFactory()
    return made


@pytest.fixture
def merchant(client: Client, product: Product) -> Client:
    client.force_login(product.store.owner)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def typed(product: Product | None = None, **changes: str) -> dict[str, Any]:
    """What the editor's form sends."""
    if product is None:
        data = {"category": str(CategoryFactory().pk), "title": "青瓷茶杯", "title_en": "Celadon cup"}
        rows: list[dict[str, Any]] = [{"price": "128", "stock": "5", "is_active": "on"}]
    else:
        names = ("title", "title_en", "summary", "description", "function", "usage", "warranty", "validity")
        data = {name: getattr(product, name) for name in names}
        data |= {"category": str(product.category_id), "seen_version": str(product.version), "weight_g": "150"}
        rows = [
            {"id": str(v.pk), "name": v.name, "price": v.price.digits, "stock": str(v.stock),
             "seen_stock": str(v.stock), "is_active": "on"}
            for v in product.variants.all()
        ]  # fmt: skip
    data |= {"variants-TOTAL_FORMS": str(len(rows)), "variants-INITIAL_FORMS": str(len(rows) if product else 0)}
    data |= {f"variants-{n}-{key}": value for n, row in enumerate(rows) for key, value in row.items()}
    return {**data, **changes}


class TestListing:
    def test_a_draft_says_what_it_lacks(self, merchant, product):
        bare = create_product(
            store=product.store, actor=Actor(user_id=None), now=clock.now(),
            facts=ListingFacts(
                category_id=product.category_id, words={"title": "杯"}, variants=[VariantFacts(price_minor=1, stock=0)]
            ),
        )  # fmt: skip
        html = merchant.get(f"/merchant/products/{bare.pk}/").content.decode()
        for text in ("Say what it does", "how it is used", "warranty", "how long it keeps", "one picture", "the stock"):
            assert text in html, text
        response = merchant.post(f"/merchant/products/{bare.pk}/status/", {"status": "listed"}, follow=True)
        assert "cannot go on sale yet" in response.content.decode()
        bare.refresh_from_db()
        assert bare.status == ProductStatus.DRAFT

    def test_the_way_of_a_listing(self, merchant, product):
        url = f"/merchant/products/{product.pk}/status/"
        merchant.post(f"/merchant/products/{product.pk}/images/", {"uploads": photo()})
        first = Product.objects.get(pk=product.pk).listed_at
        for status in ("unlisted", "deleted", "unlisted", "listed"):
            merchant.post(url, {"status": status})
            product.refresh_from_db()
            assert product.status == status
        assert product.listed_at == first
        assert AuditEntry.objects.filter(subject=str(product.pk), act__startswith="product.").count() >= 5

    @pytest.mark.parametrize("status", ["deleted", "draft", "sold", "", "listed\x00"])
    def test_ways_that_do_not_exist(self, merchant, product, status):
        response = merchant.post(f"/merchant/products/{product.pk}/status/", {"status": status})
        assert response.status_code in (400, 409)
        product.refresh_from_db()
        assert product.status == ProductStatus.LISTED

    def test_what_is_on_sale_keeps_its_honest_answers(self, merchant, product):
        merchant.post(f"/merchant/products/{product.pk}/images/", {"uploads": photo()})
        product.refresh_from_db()
        response = merchant.post(f"/merchant/products/{product.pk}/", typed(product, warranty=" ", title="新名"))
        html = response.content.decode()
        assert response.status_code == 409
        assert "Say what warranty there is" in html
        assert 'value="新名"' in html
        product.refresh_from_db()
        assert product.title != "新名"


class TestEditor:
    def test_a_new_product_from_form_to_shelf(self, merchant):
        data = typed(function="喝茶", usage="洗净", warranty="无", validity="长期", publish="1", uploads=photo())
        response = merchant.post("/merchant/products/new/", data, follow=True)
        made = Product.objects.get(title="青瓷茶杯")
        assert response.redirect_chain[-1][0] == f"/merchant/products/{made.pk}/"
        assert made.status == ProductStatus.LISTED
        assert made.variants.get().price_minor == 12_800
        assert made.images.count() == 1
        assert merchant.get(f"/p/{made.pk}/").status_code == 200

    def test_saving_changes_it(self, merchant, product):
        Product.objects.update(status=ProductStatus.UNLISTED)
        response = merchant.post(f"/merchant/products/{product.pk}/", typed(product, title="碧螺春"), follow=True)
        assert "Saved." in response.content.decode()
        product.refresh_from_db()
        assert (product.title, product.version, product.weight_g) == ("碧螺春", 2, 150)

    def test_a_stale_form_keeps_what_was_typed(self, merchant, product):
        Product.objects.update(status=ProductStatus.UNLISTED)
        old = typed(product, title="我写的")
        merchant.post(f"/merchant/products/{product.pk}/", typed(product, title="别人写的"))
        url = f"/merchant/products/{product.pk}/"
        response = merchant.post(url, old)
        html = response.content.decode()
        assert response.status_code == 409
        assert "changed elsewhere" in html
        assert 'value="我写的"' in html
        assert 'name="seen_version" value="2"' in html
        assert merchant.post(url, {**old, "seen_version": "2"}).status_code == 302
        product.refresh_from_db()
        assert product.title == "我写的"

    def test_a_row_more_without_script_keeps_what_was_typed(self, merchant, product):
        data = typed(product, title="写到一半", add_row="1")
        data["variants-0-price"] = "not yet"
        html = merchant.post(f"/merchant/products/{product.pk}/", data).content.decode()
        assert 'value="写到一半"' in html
        assert 'value="not yet"' in html
        assert 'name="variants-1-price"' in html
        assert "errorlist" not in html
        product.refresh_from_db()
        assert product.title != "写到一半"

    def test_pictures_are_kept_although_words_are_wrong(self, merchant, product):
        data = typed(product, title="", uploads=photo())
        response = merchant.post(f"/merchant/products/{product.pk}/", data)
        assert response.status_code == 400
        assert product.images.count() == 1
        assert 'name="seen_version" value="2"' in response.content.decode()

    def test_pictures_alone_leave_the_words_typed_and_unsaved(self, merchant, product):
        data = typed(product, title="还没好", uploads=photo())
        html = merchant.post(f"/merchant/products/{product.pk}/images/", data).content.decode()
        assert 'value="还没好"' in html
        assert "not saved yet" in html
        product.refresh_from_db()
        assert product.title != "还没好"
        assert product.images.count() == 1

    def test_moving_describing_and_removing_pictures(self, merchant, product):
        merchant.post(f"/merchant/products/{product.pk}/images/", {"uploads": [photo("red"), photo("blue")]})
        first, second = product.images.all()
        merchant.post(
            f"/merchant/products/{product.pk}/images/",
            {f"place_{first.pk.hex}": "1", f"alt_{first.pk.hex}": "red", f"place_{second.pk.hex}": "1",
             f"alt_{second.pk.hex}": "blue"},
        )  # fmt: skip
        assert [image.alt for image in product.images.all()] == ["blue", "red"]
        merchant.post(f"/merchant/products/{product.pk}/images/", {f"remove_{second.pk.hex}": "on"})
        assert [image.pk for image in product.images.all()] == [first.pk]

    def test_a_file_that_is_no_picture_is_named(self, merchant, product):
        bad = SimpleUploadedFile("virus.png", b"MZ not a picture")
        response = merchant.post(f"/merchant/products/{product.pk}/images/", {"uploads": bad}, follow=True)
        assert "virus.png" in response.content.decode()
        assert product.images.count() == 0

    @pytest.mark.parametrize("price", BAD_PRICES)
    def test_bad_prices(self, merchant, product, price):
        data = typed(product) | {"variants-0-price": price}
        response = merchant.post(f"/merchant/products/{product.pk}/", data)
        assert response.status_code == 400
        assert "errorlist" in response.content.decode()
        product.refresh_from_db()
        assert product.version == 1

    @pytest.mark.parametrize("count", BAD_COUNTS)
    def test_bad_counts(self, merchant, product, count):
        data = typed(product) | {"variants-0-stock": count}
        assert merchant.post(f"/merchant/products/{product.pk}/", data).status_code == 400
        variant = product.variants.get()
        response = merchant.post("/merchant/products/", {"variant": variant.pk, "seen": "10", "stock": count})
        assert response.status_code == 400
        assert product.variants.get().stock == 10

    @pytest.mark.parametrize(
        "change",
        [
            {"title": ""}, {"title": "x" * 121}, {"title": "a\x00b"}, {"category": "999999"}, {"category": "x"},
            {"weight_g": "-5"}, {"weight_g": "１"}, {"description": "x" * 20_001}, {"variants-TOTAL_FORMS": "x"},
            {"variants-TOTAL_FORMS": "100000"}, {"variants-0-DELETE": "on"}, {"variants-0-id": "no"},
            {"seen_version": "x"}, {"variants-0-name": "n" * 61},
        ],
    )  # fmt: skip
    def test_bad_forms_change_nothing(self, merchant, product, change):
        response = merchant.post(f"/merchant/products/{product.pk}/", typed(product) | change)
        assert response.status_code == 400, change
        product.refresh_from_db()
        assert product.version == 1
        assert product.variants.count() == 1

    def test_variants_need_names_to_be_told_apart(self, merchant, product):
        data = typed(product) | {"variants-TOTAL_FORMS": "2", "variants-1-price": "5", "variants-1-stock": "1",
                                 "variants-1-is_active": "on"}  # fmt: skip
        response = merchant.post(f"/merchant/products/{product.pk}/", data)
        assert "need a name each" in response.content.decode()
        twins = data | {"variants-0-name": "大", "variants-1-name": "大"}
        assert "the same name" in merchant.post(f"/merchant/products/{product.pk}/", twins).content.decode()


class TestList:
    def test_tabs_search_and_cost(self, merchant, product, django_assert_max_num_queries):
        for n in range(40):
            ProductFactory(store=product.store, title=f"茶盘 {n}")
        ProductFactory(title="别家的茶盘")
        ProductFactory(store=product.store, status=ProductStatus.DRAFT, title_en="Unfinished")
        Variant.objects.filter(product=product).update(sku="SKU-77")
        with django_assert_max_num_queries(12):
            html = merchant.get("/merchant/products/").content.decode()
        assert html.count('name="stock"') == 30
        assert "别家的茶盘" not in html
        assert "茶盘 7" in merchant.get("/merchant/products/?q=茶盘 7").content.decode()
        found = merchant.get("/merchant/products/?q=sku-77").content.decode()
        assert found.count('name="stock"') == 1
        assert "Unfinished" in merchant.get("/merchant/products/?tab=draft").content.decode()

    @pytest.mark.parametrize("tab", ["listed", "sold_out", "draft", "unlisted", "deleted", "nonsense", "\x00"])
    def test_every_tab_answers(self, merchant, tab):
        Product.objects.update(status="unlisted")
        for text in ("", "'\"%*", "x" * 5000, "\x00"):
            assert merchant.get("/merchant/products/", {"tab": tab, "q": text, "page": "x"}).status_code == 200

    def test_stock_is_corrected_in_place(self, merchant, product):
        variant = product.variants.get()
        response = merchant.post(
            "/merchant/products/?tab=listed&page=1", {"variant": variant.pk, "seen": "10", "stock": "25"}
        )
        assert response["Location"] == "/merchant/products/?tab=listed&page=1"
        assert product.variants.get().stock == 25


def test_strangers_find_nothing(client, product):
    urls = ["", "new/", f"{product.pk}/", f"{uuid.uuid4()}/"]
    for url in urls:
        assert client.get(f"/merchant/products/{url}").status_code == 302
    client.force_login(UserFactory())
    for url in urls:
        assert client.get(f"/merchant/products/{url}").status_code == 404
    client.force_login(StoreFactory().owner)
    assert client.get(f"/merchant/products/{product.pk}/").status_code == 404
    for door in ("", "status/", "images/"):
        sent = typed(product, title="stolen", status="unlisted")
        response = client.post(f"/merchant/products/{product.pk}/{door}", sent)
        assert response.status_code == 404, door
    theirs = {"variant": product.variants.get().pk, "seen": "10", "stock": "0"}
    assert client.post("/merchant/products/", theirs).status_code == 404
    product.refresh_from_db()
    assert (product.title == "stolen", product.status, product.variants.get().stock) == (False, "listed", 10)
