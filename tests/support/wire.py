# wire - bytes to an HTTP server as they are, and what came back; for tests that no HTTP library would send.
import socket
import time
from urllib.parse import urlsplit


class Wire:
    """One connection. Every read is bounded; the end of the connection is an answer too."""

    def __init__(self, url, timeout=10):
        parts = urlsplit(url)
        self.host, self.port = parts.hostname, parts.port
        self.socket = socket.create_connection((self.host, self.port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left = b""
        self.ended = False

    def send(self, data):
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def fill(self):
        """More bytes; False at the end, or when none came in time."""
        try:
            piece = self.socket.recv(65536)
        except TimeoutError:
            return False
        except OSError:
            self.ended = True
            return False
        if not piece:
            self.ended = True
            return False
        self.left += piece
        return True

    def answer(self):
        """(status, headers, body) of the next answer; None when there is none."""
        while b"\r\n\r\n" not in self.left:
            if not self.fill():
                return None
        head, self.left = self.left.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers.setdefault(name.lower(), []).append(value.strip())
        length = int(headers.get("content-length", ["0"])[0])
        if status in (204, 304):
            length = 0
        while len(self.left) < length:
            if not self.fill():
                return None
        body, self.left = self.left[:length], self.left[length:]
        return status, headers, body

    def answers(self, wait=1.0):
        """All that come until the end of the connection, or until none has come for `wait` seconds."""
        got = []
        self.socket.settimeout(wait)
        while True:
            one = self.answer()
            if one is None:
                return got
            got.append(one)

    def closed_within(self, seconds):
        """How long until the server ended it; None: it did not."""
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            self.socket.settimeout(max(0.05, seconds - (time.monotonic() - start)))
            if not self.fill() and self.ended:
                return time.monotonic() - start
        return None

    def close(self):
        self.socket.close()
