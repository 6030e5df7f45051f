#!/usr/bin/env python3
# clients - many at a time that submit orders to a gateway, and say what became of each
# usage: clients.py URL KEY --template FILE --prefix P --count N [--threads N] [--retry SECONDS] [--fresh] [--rate PER_S]
#                   [--ids FILE]
#   --retry   go on with the same Idempotency-Key until it is a 202, for so long; else each is sent once
#   --fresh   a connection for each request
#   --ids     "prefix+number document_id" of each 202 there
# Prints one line: accepted=… and, for each other answer or trouble, its number.
import argparse
import collections
import http.client
import json
import socket
import threading
import time
from urllib.parse import urlsplit

p = argparse.ArgumentParser()
p.add_argument("url"), p.add_argument("key")
p.add_argument("--template", required=True), p.add_argument("--prefix", required=True)
p.add_argument("--count", type=int, required=True), p.add_argument("--threads", type=int, default=16)
p.add_argument("--retry", type=float, default=0), p.add_argument("--fresh", action="store_true")
p.add_argument("--rate", type=float, default=0), p.add_argument("--ids")
a = p.parse_args()
template = open(a.template).read()
where = urlsplit(a.url)
tally, ids, lock = collections.Counter(), {}, threading.Lock()
numbers = iter(range(a.count))
begun = time.monotonic()


def note(what):
    with lock:
        tally[what] += 1


class Client:
    connection = None

    def drop(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def trouble(self, error, is_old):
        if isinstance(error, ConnectionRefusedError):
            return "connect_refused"
        if isinstance(error, (TimeoutError, socket.timeout)):
            return "timeout"
        # A connection that was kept may end between two requests; that a new one does is the server's fault.
        return "kept_ended" if is_old else "reset"

    def submit(self, number):
        """Status and document id; None and what was the matter."""
        name = f"{a.prefix}{number}"
        body = template.replace("@ID@", name).replace("@N@", str(number)).encode()
        is_old = self.connection is not None
        try:
            if not is_old:
                self.connection = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
                self.connection.connect()
                self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connection.request("POST", "/v1/parties/shopify/documents?kind=order", body, {
                "Authorization": f"Bearer {a.key}", "Content-Type": "application/json", "Idempotency-Key": name})
            answer = self.connection.getresponse()
            text = answer.read()
            if a.fresh or answer.will_close:
                self.drop()
            return answer.status, json.loads(text)
        except (OSError, http.client.HTTPException) as error:
            self.drop()
            return None, self.trouble(error, is_old)

    def run(self):
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                break
            if a.rate:
                time.sleep(max(0, begun + number / a.rate - time.monotonic()))
            until = time.monotonic() + a.retry
            while True:
                status, said = self.submit(number)
                if status == 202:
                    with lock:
                        tally["accepted"] += 1
                        ids[number] = said["document_id"]
                    break
                # RFC 9112 9.3.1: of a kept connection that ended without an answer it is tried again, by any client
                if status is None and said == "kept_ended":
                    note(said)
                    if a.retry == 0:
                        continue
                else:
                    note(said if status is None else f"status_{status}")
                if time.monotonic() >= until:
                    break
                time.sleep(0.05)
        self.drop()


threads = [threading.Thread(target=Client().run) for _ in range(a.threads)]
for t in threads:
    t.start()
for t in threads:
    t.join()
if a.ids:
    with open(a.ids, "w") as f:
        f.writelines(f"{a.prefix}{n} {ids[n]}\n" for n in sorted(ids))
seconds = time.monotonic() - begun
tally.setdefault("accepted", 0)
print(" ".join(f"{k}={v}" for k, v in sorted(tally.items())), f"seconds={seconds:.1f}")
