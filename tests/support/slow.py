#!/usr/bin/env python3
# slow - clients that are slow, idle or too many, to a gateway with IDLE_S=2 REQUEST_S=3
# usage: slow.py URL KEY SAMPLE        prints "ok NAME" or "not ok NAME: …" for each
#        slow.py URL bodies COUNT     with room for COUNT bodies of 1 MiB
#        slow.py URL idle COUNT PID    holds COUNT idle connections, and prints the RSS of the process meanwhile
import resource
import socket
import sys
import time
from wire import Wire

url = sys.argv[1]
path = "/v1/parties/shopify/documents?dry_run=1"


def tell(name, fault):
    print(f"not ok {name}: {fault}" if fault else f"ok {name}", flush=True)


def rss_kib(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def idle(count, pid):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 100), hard))
    before = rss_kib(pid)
    held = []
    for i in range(count):
        held.append(Wire(url))
        if i % 2:  # half of them have asked already, and their memory was used
            held[-1].send(b"GET /v1/openapi.yaml HTTP/1.1\r\nHost: g\r\n\r\n")
            if not held[-1].answer():
                tell("bounds, idle connections are taken", f"number {i} has no answer")
                return
    during = rss_kib(pid)
    w = Wire(url)
    w.send(b"GET /v1/openapi.yaml HTTP/1.1\r\nHost: g\r\n\r\n")
    tell(f"bounds, {count} idle connections and one more is answered", None if w.answer() else "it is not")
    print(f"info {count} idle connections: {during / 1024:.1f} MiB RSS, before them {before / 1024:.1f}")
    # Of a program with a sanitizer, its shadow memory is most of it.
    with open(f"/proc/{pid}/maps") as f:
        limit = 1024 if "libasan" in f.read() else 100
    tell(f"bounds, {count} idle connections are under {limit} MiB", None if during < limit * 1024 else f"{during} KiB")
    for one in held:
        one.close()


def bodies(count):
    """So many bodies of 1 MiB are announced and not sent; the next one has no room until they are gone."""
    head = b"POST /v1/hooks/portal HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n"
    held = [Wire(url) for _ in range(count)]
    for one in held:
        one.send(head + b"{")
    time.sleep(0.3)
    w = Wire(url)
    w.send(head)
    got = w.answer()
    tell("bounds, bodies under way: one more is told to come again", None if got and got[0] == 503 and "retry-after" in got[1] else got)
    for one in held:
        one.close()
    time.sleep(0.5)
    w = Wire(url)
    w.send(head + b"x" * 1048576)
    got = w.answer()
    tell("bounds, bodies under way: their room is given back", None if got and got[0] == 401 else got)


def trickle(w, data, step_s, limit_s):
    """A byte at a time; how long until the server ended it, None: it let it go on for limit_s."""
    start, at = time.monotonic(), 0
    w.socket.setblocking(False)
    while time.monotonic() - start < limit_s:
        try:
            w.socket.send(data[at % len(data):at % len(data) + 1])
            at += 1
            if not w.socket.recv(65536):
                return time.monotonic() - start
        except BlockingIOError:
            pass
        except OSError:
            return time.monotonic() - start
        time.sleep(step_s)
    return None


def within(name, took, low, high):
    tell(name, None if took is not None and low <= took <= high else f"ended after {took}, wants {low} to {high} s")


def bounds(key, sample):
    auth = f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\nHost: g\r\n".encode()
    post = f"POST {path} HTTP/1.1\r\n".encode() + auth
    body = open(sample, "rb").read()
    clients = 50

    w = Wire(url)
    within("bounds, a connection that says nothing", w.closed_within(10), 1, 5)
    w = Wire(url)
    within("bounds, a request line that trickles", trickle(w, b"GET /v1/openapi.yaml", 0.2, 10), 1, 6)
    w = Wire(url)
    w.send(b"GET /v1/openapi.yaml HTTP/1.1\r\n")
    within("bounds, headers that trickle", trickle(w, b"X-A: b\r\n", 0.2, 10), 2, 6)
    w = Wire(url)
    w.send(post + b"Content-Length: 100000\r\n\r\n")
    within("bounds, a body that trickles", trickle(w, b"{", 0.2, 10), 2, 6)
    w = Wire(url)
    w.send(post + b"Transfer-Encoding: chunked\r\n\r\n")
    within("bounds, chunks that trickle", trickle(w, b"1\r\na\r\n", 0.1, 10), 2, 6)
    w = Wire(url)
    w.send(post + b"Content-Length: 100000\r\n\r\n{")
    within("bounds, a body that stops", w.closed_within(10), 1, 6)
    w = Wire(url)
    w.send(post + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    tell("bounds, a good request is answered", None if w.answer() else "it is not")
    within("bounds, a connection between two requests", w.closed_within(10), 1, 5)

    # Answers that nobody reads: pipelined, with a receive buffer as small as can be had
    w = Wire(url)
    w.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    start = time.monotonic()
    w.socket.settimeout(12)
    many = (b"GET /v1/openapi.yaml HTTP/1.1\r\nHost: g\r\n\r\n") * 50
    ended = None
    while time.monotonic() - start < 40:
        if not w.send(many):
            ended = time.monotonic() - start
            break
    within("bounds, answers that are not read", ended, 1, 40)

    # Half-closed: the client has said all it wants to, and waits
    w = Wire(url)
    w.send(post + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    w.socket.shutdown(socket.SHUT_WR)
    got = w.answer()
    tell("bounds, a client that closed its sending half is answered", None if got and got[0] == 200 else got)
    w = Wire(url)
    w.send(post + b"Content-Length: 100000\r\n\r\n{")
    w.socket.shutdown(socket.SHUT_WR)
    within("bounds, a client that closed in the middle of its body", w.closed_within(10), 0, 6)

    # Many at a time, and good ones beside them
    slow = [Wire(url) for _ in range(clients)]
    for one in slow:
        one.send(post + b"Content-Length: 5000\r\n\r\n{")
    start = time.monotonic()
    w = Wire(url)
    w.send(post + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    got = w.answer()
    took = time.monotonic() - start
    tell("bounds, a good request beside slow ones does not wait", None if got and got[0] == 200 and took < 1 else f"{got} {took}")
    for one in slow:
        one.close()


def too_many(limit):
    """More connections than are allowed: those beyond are closed, and when some go there is room again."""
    held = [Wire(url) for _ in range(limit)]
    time.sleep(0.3)
    beyond = [Wire(url, 3) for _ in range(5)]
    for one in beyond:
        one.send(b"GET /v1/openapi.yaml HTTP/1.1\r\nHost: g\r\n\r\n")
    got = [one.answer() for one in beyond]
    tell("bounds, connections beyond the number of one address are closed", None if not any(got) else f"{got}")
    for one in held + beyond:
        one.close()
    time.sleep(0.3)
    w = Wire(url, 3)
    w.send(b"GET /v1/openapi.yaml HTTP/1.1\r\nHost: g\r\n\r\n")
    got = w.answer()
    tell("bounds, there is room again when they have gone", None if got and got[0] == 200 else got)


if sys.argv[2] == "idle":
    idle(int(sys.argv[3]), int(sys.argv[4]))
elif sys.argv[2] == "bodies":
    bodies(int(sys.argv[3]))
elif sys.argv[2] == "many":
    too_many(int(sys.argv[3]))
else:
    bounds(sys.argv[2], sys.argv[3])
