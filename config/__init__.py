"""Settings, addresses, and the Celery application, which must be loaded with Django."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
