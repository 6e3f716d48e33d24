"""The settings of the served site: the shop as it is, and an address for everything that can go wrong."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.browser.site_urls"
