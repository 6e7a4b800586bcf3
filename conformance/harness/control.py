"""What scenarios can have done to the broker under test, and to themselves: an HTTP server.

    GET /broker/kill      kill -9
    GET /broker/stop      an orderly stop, until the process has ended
    GET /broker/start     start again, on the same port with the same data, until it answers
    GET /broker/freeze    SIGSTOP, so that the peer hears nothing and is not told why
    GET /broker/thaw      SIGCONT
    GET /broker/block     a memory alarm: publishers are blocked
    GET /broker/unblock   the end of it
    GET /client/freeze?seconds=S   SIGSTOP for the scenario itself, SIGCONT after S seconds

Each answers 200 when it is done, 500 with the reason when it failed.
"""

import contextlib
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Control:
    """Carries out what the running scenario asks for, one thing at a time."""

    def __init__(self, broker):
        self.broker = broker
        self.scenario = None
        self.lock = threading.Lock()

    def attend(self, scenario):
        """From now on that process is the scenario."""
        self.scenario = scenario

    def restore(self):
        """Puts right what the scenario left undone, once what it asked for last is done."""
        with self.lock:
            self.broker.restore()

    def carry_out(self, path, query):
        actions = {f"/broker/{action}": getattr(self.broker, action) for action in ACTIONS}
        with self.lock:
            if path == "/client/freeze":
                self.freeze_client(float(query["seconds"][0]))
            else:
                actions[path]()

    def freeze_client(self, seconds):
        os.killpg(self.scenario.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.killpg(self.scenario.pid, signal.SIGCONT)


ACTIONS = "kill", "stop", "start", "freeze", "thaw", "block", "unblock"


@contextlib.contextmanager
def serve(broker):
    """The control of `broker` and its address, for as long as the context lasts."""
    control = Control(broker)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            url = urlsplit(self.path)
            try:
                control.carry_out(url.path, parse_qs(url.query))
                self.answer(200, "done")
            except Exception as error:
                self.answer(500, repr(error))

        def answer(self, code, text):
            body = f"{text}\n".encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield control, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
