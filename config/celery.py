"""The Celery application."""

import logging.config
import os
from typing import Any

from celery import Celery, signals
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

from core.logs import bind_task, unbind_task

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
TRANSPORT_ALIASES["spool"] = "core.spool:Transport"
app = Celery("tashi")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.setup_logging.connect
def house_log(**more: Any) -> None:
    """One format for all: with a receiver of this signal, celery sets up no handlers of its own."""
    logging.config.dictConfig(settings.LOGGING)


@signals.task_prerun.connect
def begins(task_id: str = "", task: Any = None, **more: Any) -> None:
    bind_task(task_id, getattr(task, "name", ""))


@signals.task_postrun.connect
def ends(**more: Any) -> None:
    unbind_task()
