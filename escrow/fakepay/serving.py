"""The pretended provider on a socket of this machine, one thread a request, with a thread that sends notices."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from escrow.fakepay.server import Server

LOOK_EVERY_SECONDS = 0.2
MOST_AT_ONCE = 32


class _Threads(ThreadingMixIn, WSGIServer):
    """So many requests at once; whoever comes then waits in the socket's queue."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *given: Any) -> None:
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)
        super().__init__(*given)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._free.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def server_bind(self) -> None:
        """Without the look at who this machine is, which may ask a name server."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()


class _Handler(WSGIRequestHandler):
    def get_environ(self) -> dict[str, Any]:
        return {**super().get_environ(), "fakepay.hang_up": partial(_hang_up, self.connection)}

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what was asked stands in the book."""


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def served(app: Server, *, host: str = "127.0.0.1", port: int = 0, sends_notices: bool = False) -> Iterator[str]:
    """Serve while the block runs; gives the address on this machine. Port 0: any free one."""
    with _Threads((host, port), _Handler) as web:
        web.set_app(app)
        stop = threading.Event()
        threads = [threading.Thread(target=partial(web.serve_forever, poll_interval=0.02), daemon=True)]
        if sends_notices:
            threads.append(threading.Thread(target=_send_for_ever, args=(app, stop), daemon=True))
        for thread in threads:
            thread.start()
        try:
            yield f"http://127.0.0.1:{web.server_port}"
        finally:
            stop.set()
            web.shutdown()


def _send_for_ever(app: Server, stop: threading.Event) -> None:
    while not stop.wait(LOOK_EVERY_SECONDS):
        app.send_due()
