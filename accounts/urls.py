"""A member's own pages under /me/."""

from __future__ import annotations

from django.urls import path

from accounts.views import addresses, confirm, devices, inbox, incidents, me, safety

app_name = "accounts"
urlpatterns = [
    path("", me.me, name="me"),
    path("addresses/", addresses.addresses, name="addresses"),
    path("addresses/new/", addresses.address_new, name="address-new"),
    path("addresses/parse/", addresses.address_parse, name="address-parse"),
    path("addresses/restore/", addresses.address_restore, name="address-restore"),
    path("addresses/<uuid:address_id>/", addresses.address_edit, name="address-edit"),
    path("addresses/<uuid:address_id>/delete/", addresses.address_delete, name="address-delete"),
    path("addresses/<uuid:address_id>/default/", addresses.address_default, name="address-default"),
    path("regions/", addresses.regions_options, name="regions"),
    path("confirm/<slug:purpose>/", confirm.confirm, name="confirm"),
    path("devices/", devices.devices, name="devices"),
    path("devices/lock/", devices.lock, name="device-lock"),
    path("devices/others/", devices.end_others, name="end-others"),
    path("devices/<uuid:device_id>/name/", devices.rename, name="device-name"),
    path("devices/<uuid:device_id>/revoke/", devices.revoke, name="device-revoke"),
    path("devices/sessions/<uuid:stay_id>/end/", devices.end, name="stay-end"),
    path("logins/", devices.logins, name="logins"),
    path("safety/", safety.safety, name="safety"),
    path("safety/reopen/", safety.reopen, name="reopen"),
    path("incidents/new/", incidents.new, name="incident-new"),
    path("incidents/<uuid:incident_id>/", incidents.incident, name="incident"),
    path("incidents/<uuid:incident_id>/say/", incidents.say, name="incident-say"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.read_all, name="inbox-read-all"),
    path("inbox/<uuid:notice_id>/", inbox.notice, name="notice"),
]
