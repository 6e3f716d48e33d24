"""All addresses."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import include, path, re_path

from accounts.views import announcements as news
from accounts.views.language import set_language
from core.api import NothingHere
from core.guards import named
from core.views.api_docs import ApiDescription, ApiDocs
from core.views.health import healthz, readyz
from core.views.media import media
from core.views.styleguide import styleguide
from escrow.webhooks import payment_notice
from logistics.webhooks import carrier_push
from shop.views import pages
from shop.views.fees import fees

guidance = (
    [
        path("guarantee/", pages.guarantee, name="guarantee"),
        path("rules/", pages.rules, name="rules"),
        path("fees/", fees, name="fees"),
        path("safety/", pages.safety, name="safety"),
    ],
    "pages",
)

api: list[Any] = [
    path("", include("accounts.api.urls")),
    path("", include("shop.api.urls")),
    path("", include("escrow.api.urls")),
    path("", include("disputes.api.urls")),
    path("schema/", named(ApiDescription.as_view(), "public"), name="api-schema"),
    path("docs/", named(ApiDocs.as_view(), "public"), name="api-docs"),
    re_path("", named(NothingHere.as_view(), "public")),
]

urlpatterns = [
    path("", include("disputes.urls")),
    path("", include("logistics.urls")),
    path("", include("shop.urls")),
    path("", include("escrow.urls")),
    path("", include(guidance)),
    path("me/", include("accounts.urls")),
    path("accounts/", include("accounts.allauth_urls")),
    path("merchant/", include("shop.merchant_urls")),
    path("console/", include("disputes.console_urls")),
    path("sandbox/", include("accounts.sandbox_urls")),
    path("announcements/", news.announcements, name="announcements"),
    path("announcements/<int:announcement_id>/", news.announcement, name="announcement"),
    path("announcements/<int:announcement_id>/dismiss/", news.announcement_dismiss, name="announcement-dismiss"),
    path("language/", set_language, name="set_language"),
    path("webhooks/payments/<slug:gateway>/", payment_notice, name="payment-notice"),
    path("webhooks/carriers/<slug:carrier>/<str:token>/", carrier_push, name="carrier-push"),
    path("api/v1/", include(api)),
    path("styleguide/", styleguide, name="styleguide"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("admin/", admin.site.urls),
    re_path(r"^media/(?P<path>(?:products|stores)/.+)$", media, name="media"),
]
handler400 = "core.views.errors.bad_request"
handler404 = "core.views.errors.not_found"
handler500 = "core.views.errors.server_error"
