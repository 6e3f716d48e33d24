"""Addresses of parcels."""

from django.urls import path

from logistics.views import hand, photos

app_name = "logistics"
urlpatterns = [
    path("parcels/photos/<uuid:pk>/", photos.pack_photo, name="pack-photo"),
    path("parcels/<uuid:pk>/scan/", hand.scan, name="scan"),
]
