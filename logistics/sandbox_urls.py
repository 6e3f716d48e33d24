"""The sandbox carrier's pages and its wire; included under /sandbox/ in the namespace ``sandbox``."""

from django.urls import path

from logistics.views import sandbox

urlpatterns = [
    path("carrier/", sandbox.carrier, name="carrier"),
    path("carrier/api/parcels/", sandbox.parcels_api, name="carrier-api"),
    path("carrier/<str:number>/", sandbox.parcel, name="parcel"),
]
