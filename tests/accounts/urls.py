"""Addresses for these tests alone, until every part is there."""

from django.http import HttpResponse
from django.urls import include, path

from accounts.views import sandbox
from accounts.views.language import set_language
from core.views import clock


def stub(request, *args, **kwargs):
    return HttpResponse("stub")


shop = (
    [
        path("", stub, name="home"),
        path("orders/", stub, name="orders"),
        path("cart/", stub, name="cart"),
        path("search/", stub, name="search"),
    ],
    "shop",
)
merchant = ([path("", stub, name="home")], "merchant")
console = ([path("", stub, name="home")], "console")
sandboxes = (
    [
        path("", sandbox.home, name="home"),
        path("sign-in/", sandbox.sign_in, name="sign-in"),
        path("clock/", clock.clock_page, name="clock"),
        path("outbox/", sandbox.outbox, name="outbox"),
        path("bank/", stub, name="bank"),
        path("carrier/", stub, name="carrier"),
    ],
    "sandbox",
)
urlpatterns = [
    path("", include(shop)),
    path("merchant/", include(merchant)),
    path("console/", include(console)),
    path("me/", include("accounts.urls")),
    path("accounts/", include("accounts.allauth_urls")),
    path("sandbox/", include(sandboxes)),
    path("language/", set_language, name="set_language"),
]
handler404 = "core.views.errors.not_found"
