"""Gunicorn's own lines and its access log in the format of the house: ``--logger-class core.gunicorn_log.HouseLog``."""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from core.logs import formatter


class HouseLog(Logger):  # type: ignore[misc]
    """An access line says what was asked for and how it ended: no query, no referrer, no cookie."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        kind = formatter(os.environ.get("LOG_FORMAT", "json"))
        for logger in (self.error_log, self.access_log):
            for handler in logger.handlers:
                handler.setFormatter(kind)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        if not self.cfg.accesslog:
            return
        headers = {name.lower(): value for name, value in resp.headers}
        facts = {
            "method": environ.get("REQUEST_METHOD"),
            "path": environ.get("PATH_INFO"),
            "status": int(str(resp.status).split(maxsplit=1)[0]),
            "bytes": getattr(resp, "sent", 0),
            "ms": round(request_time.total_seconds() * 1000, 1),
            "peer": environ.get("REMOTE_ADDR"),
            "agent": str(environ.get("HTTP_USER_AGENT", ""))[:200],
            "request_id": headers.get("x-request-id", ""),
        }
        self.access_log.log(logging.INFO, "request", extra={"facts": facts})
