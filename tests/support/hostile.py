#!/usr/bin/env python3
# hostile - requests that should not be, to a gateway; after each of them a good one must be answered.
# usage: hostile.py URL KEY SAMPLE        prints "ok NAME" or "not ok NAME: …" for each
import json
import statistics
import sys
import time
from wire import Wire

url, key, sample = sys.argv[1], sys.argv[2], open(sys.argv[3], "rb").read()
path = "/v1/parties/shopify/documents"
auth = f"Authorization: Bearer {key}\r\n".encode()
kind = b"Content-Type: application/json\r\n"
host = b"Host: gateway\r\n"
seen = 0


def post(body, extra=b"", line=None, length=None):
    head = line or f"POST {path}?dry_run=1 HTTP/1.1\r\n".encode()
    size = b"" if length == b"" else b"Content-Length: " + (length or str(len(body)).encode()) + b"\r\n"
    return head + host + auth + kind + extra + size + b"\r\n" + body


def good():
    w = Wire(url)
    w.send(post(sample))
    a = w.answer()
    w.close()
    return a is not None and a[0] == 200


def tell(name, fault):
    print(f"not ok {name}: {fault}" if fault else f"ok {name}", flush=True)


def shown(answers):
    return [a[0] for a in answers]


def attack(name, data, statuses, extra_answers=0, wait=0.5, body_says=None):
    """Sent at once. The first answer is one of `statuses` (0: none, the connection ends), and no more than extra_answers
    follow it."""
    w = Wire(url)
    w.send(data)
    got = w.answers(wait)
    w.close()
    first = got[0][0] if got else 0
    fault = None
    if first not in statuses:
        fault = f"answers {shown(got)}, wants one of {statuses}"
    elif len(got) > 1 + extra_answers:
        fault = f"{len(got)} answers: {shown(got)}"
    elif body_says and body_says.encode() not in got[0][2]:
        fault = f"says {got[0][2][:200]!r}"
    elif not good():
        fault = "a good request after it is not answered"
    tell(name, fault)
    return got


smuggled = b"GET /smuggled HTTP/1.1\r\nHost: gateway\r\n\r\n"
chunked = b"Transfer-Encoding: chunked\r\n"


def framing():
    whole = b"%x\r\n%s\r\n0\r\n\r\n" % (len(sample), sample)
    attack("framing, chunks are read", post(whole, chunked, length=b""), [200])
    attack("framing, length and chunks", post(b"0\r\n\r\n" + smuggled, chunked), [400])
    attack("framing, chunks and then length", post(whole + smuggled, b"Content-Length: 6\r\n" + chunked, length=b""), [400])
    attack("framing, two lengths", post(b"abc" + smuggled, b"Content-Length: 3\r\n"), [400])
    attack("framing, the same length twice", post(sample, b"Content-Length: %d\r\n" % len(sample)), [400])
    attack("framing, two lengths in one header", post(sample, length=b"3, 3"), [400])
    for text in (b"+3", b"-1", b"0x10", b"3 3", b"", b"18446744073709551616", b"99999999999999999999999999", b"1e3"):
        attack(f"framing, length {text.decode() or 'of nothing'}",
               post(b"abc", b"Content-Length: " + text + b"\r\n", length=b""), [400, 413, 0])
    for text in (b"xchunked", b"chunked, identity", b"identity", b"gzip, chunked", b"\x0bchunked", b"chunked;q=1"):
        attack(f"framing, Transfer-Encoding {text.decode('latin-1').strip()}",
               post(whole, b"Transfer-Encoding: " + text + b"\r\n", length=b""), [400, 0])
    attack("framing, two Transfer-Encodings", post(whole, chunked + chunked, length=b""), [400])
    attack("framing, folded header", post(whole, b"Transfer-Encoding:\r\n chunked\r\n", length=b""), [400, 0])
    attack("framing, a header folded into another", post(sample, b"X-A: b\r\n Content-Length: 3\r\n"), [400, 0])
    attack("framing, a line feed alone in the headers", post(sample, b"X-A: b\nX-B: c\r\n"), [400, 0])
    attack("framing, a line feed alone behind a blank", post(sample, b"X-A: b \nX-B: c\r\n"), [400, 0])
    attack("framing, a NUL behind a blank", post(sample, b"X-A: b \0\r\n"), [400, 0])
    attack("framing, blank before the colon", post(b"abc" + smuggled, b"Content-Length : 3\r\n"), [400, 0])
    attack("framing, blank before the first header",
           b"POST " + path.encode() + b" HTTP/1.1\r\n Content-Length: 3\r\n" + host + auth + kind + b"\r\nabc", [400, 0])
    attack("framing, a header without a colon", post(sample, b"Nothing\r\n"), [400, 0])
    attack("framing, a header without a name", post(sample, b": nothing\r\n"), [400, 0])
    attack("framing, NUL in a header", post(sample, b"X-A: a\0b\r\n"), [400, 0])
    attack("framing, a carriage return alone in a header", post(sample, b"X-A: a\rContent-Length: 3\r\n"), [400, 0])
    attack("framing, line feeds alone", post(sample).replace(b"\r\n", b"\n", 8), [400, 0])
    attack("framing, a request in the body of one with a length", post(smuggled), [200, 422, 400])
    got = attack("framing, a request after one", post(sample) + post(sample), [200], extra_answers=1)
    tell("framing, two requests are two answers", None if len(got) == 2 else f"{shown(got)}")
    for size in (b"FFFFFFFFFFFFFFFF", b"10000000000000000", b"-1", b"zz", b"", b"0x3", b"8000000000000000"):
        attack(f"framing, chunk of size {size.decode() or 'nothing'}", post(size + b"\r\nabc\r\n0\r\n\r\n", chunked, length=b""),
               [400, 413, 0])
    attack("framing, chunk longer than its size", post(b"3\r\nabcdef\r\n0\r\n\r\n", chunked, length=b""), [400, 0])
    attack("framing, a chunk's extension", post(b"%x;a=b\r\n%s\r\n0\r\n\r\n" % (len(sample), sample), chunked, length=b""),
           [200, 400, 0])
    attack("framing, a length in the trailer",
           post(b"%x\r\n%s\r\n0\r\nContent-Length: 3\r\n\r\n" % (len(sample), sample), chunked, length=b""), [200, 400, 0])
    line = b"POST " + path.encode()
    attack("host, none", line + b" HTTP/1.1\r\n" + auth + kind + b"Content-Length: 0\r\n\r\n", [400])
    attack("host, two", post(sample, host), [400])
    attack("host, none in HTTP/1.0", line + b"?dry_run=1 HTTP/1.0\r\n" + auth + kind +
           b"Content-Length: %d\r\n\r\n" % len(sample) + sample, [200])
    for version in (b"HTTP/2.0", b"HTTP/1.9", b"HTTP/0.9", b"HTTP/", b"ICY/1.1", b"http/1.1", b""):
        attack(f"version {version.decode() or 'none'}", line + b" " + version + b"\r\n" + host + auth + b"\r\n", [400, 401, 411, 415, 505, 0])
    attack("HTTP/2 without asking", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400, 404, 505, 0])
    attack("TLS on the plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)), [400, 0])
    attack("a method of a kilobyte", b"A" * 1024 + b" / HTTP/1.1\r\n" + host + b"\r\n", [400, 404, 405, 414, 501, 0])


def paths():
    def get(target):
        return b"GET " + target + b" HTTP/1.1\r\n" + host + auth + b"\r\n"

    for target in (b"/v1/../v1/openapi.yaml", b"/v1/%2e%2e/v1/openapi.yaml", b"/v1/%2E%2E/x", b"/v1%2fopenapi.yaml",
                   b"/v1/%5c", b"//v1/openapi.yaml", b"/v1//openapi.yaml", b"/v1/./openapi.yaml", b"/v1/openapi.yaml/",
                   b"/v1/%00", b"/v1/a%0d%0aSet-Cookie:%20a=b", b"/v1/%zz", b"/v1/%", b"/v1/%4", b"/v1/\xc3\xbc", b"/v1/\xff",
                   b"/v1/\x01", b"/v1/a\\b", b"/", b"*", b"", b"v1/openapi.yaml", b"http://gateway/v1/openapi.yaml",
                   b"https://elsewhere/v1/openapi.yaml", b"/v1/openapi.yaml%3fx", b"/v1/" + b"a" * 8192,
                   b"/v1/" + b"a/" * 4000 + b"a"):
        name = target[:40].decode("latin-1").encode("unicode_escape").decode()
        attack(f"path {name or 'of nothing'}", get(target), [400, 404, 405, 413, 414, 431, 0])
    attack("path, NUL in it", get(b"/v1/openapi.yaml\0.txt"), [400, 404, 0])
    attack("path, a blank in it", get(b"/v1/open api.yaml"), [400, 404, 0])
    attack("path, a party that is named in UTF-8, broken", post(sample, line=b"POST /v1/parties/%ff%fe/documents HTTP/1.1\r\n"), [404])
    attack("path, another party's", post(sample, line=b"POST /v1/parties/edi-globex/documents HTTP/1.1\r\n"), [403])
    attack("path, a method that it has not", post(sample, line=b"DELETE " + path.encode() + b" HTTP/1.1\r\n"), [405])
    attack("path, TRACE", post(b"", line=b"TRACE " + path.encode() + b" HTTP/1.1\r\n"), [405])
    attack("path, CONNECT", b"CONNECT gateway:80 HTTP/1.1\r\n" + host + b"\r\n", [400, 404, 405, 501, 0])


def queries():
    def ask(query):
        return post(sample, line=f"POST {path}?".encode() + query + b" HTTP/1.1\r\n")

    for query in (b"kind=order%0d%0aX-Injected:%201", b"kind=%00", b"kind=%ff", b"kind=%zz", b"kind=order&kind=order",
                  b"unknown=1", b"kind=" + b"a" * 5000, b"&".join(b"a%d=1" % i for i in range(500)), b"kind=caf%E9", b"=&=",
                  b"kind=\xff"):
        got = attack(f"query {query[:30].decode('latin-1').encode('unicode_escape').decode()}", ask(query),
                     [400, 413, 414, 431, 0])
        if any("x-injected" in a[1] for a in got):
            tell("query, a header of the caller's is not answered", got[0][1])


def headers():
    for name, value in ((b"Idempotency-Key", b"a" * 256), (b"Idempotency-Key", b"a\tb"), (b"Idempotency-Key", b"a\x01b"),
                        (b"Idempotency-Key", b"\xc3\xbc"), (b"Idempotency-Key", b"a b")):
        attack(f"header {name.decode()} {value[:8].decode('latin-1').encode('unicode_escape').decode()} of {len(value)}",
               post(sample, name + b": " + value + b"\r\n"), [400])
    attack("header Idempotency-Key of 255", post(sample, b"Idempotency-Key: " + b"k" * 255 + b"\r\n"), [200])
    for value in (b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-00", b"00-zz", b"a" * 4000, b"00-" + b"\xff" * 32 + b"-" + b"1" * 16 + b"-01",
                  b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", b"\"><script>"):
        got = attack(f"header traceparent {value[:12].decode('latin-1').encode('unicode_escape').decode()}",
                     post(sample, b"Traceparent: " + value + b"\r\n"), [200])
        said = got[0][1]["traceparent"][0] if got else ""
        if len(said) != 55 or value[3:35].decode("latin-1") in said:
            tell("header traceparent, a malformed one is not taken over", said)
    got = attack("header traceparent of a caller", post(sample, b"Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"), [200])
    tell("header traceparent, the trace goes on with a span of ours",
         None if got and got[0][1]["traceparent"][0].startswith("00-4bf92f3577b34da6a3ce929d0e0e4736-") and
         "00f067aa0ba902b7" not in got[0][1]["traceparent"][0] else got)
    attack("header of 100 KB", post(sample, b"X-A: " + b"a" * 100000 + b"\r\n"), [413, 431, 0])
    attack("headers, 500", post(sample, b"".join(b"X-%d: a\r\n" % i for i in range(500))), [400, 413, 431, 0])
    attack("headers, 65 of no consequence", post(sample, b"".join(b"X-%d: a\r\n" % i for i in range(65))), [400])
    attack("content type, none", post(sample).replace(kind, b""), [415])
    attack("content type, XML for JSON", post(sample).replace(kind, b"Content-Type: application/xml\r\n"), [415])
    attack("content type, not UTF-8", post(sample).replace(kind, b"Content-Type: \xff\xfe\r\n"), [415])
    attack("content encoding, gzip", post(b"\x1f\x8b" + b"\0" * 1000, b"Content-Encoding: gzip\r\n"), [415])
    attack("content encoding, gzip of gzip", post(b"\x1f\x8b", b"Content-Encoding: gzip, gzip\r\n"), [415])
    attack("expect, what we do not know", post(sample, b"Expect: 200-maybe\r\n"), [200, 417])
    attack("upgrade, to HTTP/2", post(sample, b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"), [200])
    attack("range of a thousand pieces", post(sample, b"Range: bytes=" + b",".join(b"%d-%d" % (i, i) for i in range(1000)) + b"\r\n"), [200])


def keys():
    import os
    unknown, revoked, expired, foreign = (os.environ.get(n, "") for n in ("KEY_UNKNOWN", "KEY_REVOKED", "KEY_EXPIRED", "KEY_FOREIGN"))
    bodies = set()
    for name, value in (("none", None), ("empty", b""), ("of another scheme", b"Basic YTpi"), ("malformed", b"Bearer trb_x"),
                        ("unknown", b"Bearer " + unknown.encode()), ("revoked", b"Bearer " + revoked.encode()),
                        ("expired", b"Bearer " + expired.encode()), ("with a wrong secret", b"Bearer " + key[:-1].encode() + (b"0" if key[-1] != "0" else b"1")),
                        ("of 8 KB", b"Bearer " + b"a" * 8000), ("not UTF-8", b"Bearer \xff\xfe")):
        line = b"" if value is None else b"Authorization: " + value + b"\r\n"
        got = attack(f"key, {name}", post(sample).replace(auth, line), [401])
        if got:
            problem = json.loads(got[0][2])
            del problem["trace"]
            bodies.add(json.dumps(problem))
    tell("key, whatever is wrong the answer is the same", None if len(bodies) == 1 else bodies)
    attack("key, two of them", post(sample, b"Authorization: Bearer " + foreign.encode() + b"\r\n"), [200, 400, 401])
    attack("key, another party's", post(sample).replace(auth, f"Authorization: Bearer {foreign}\r\n".encode()), [403])
    # For people to look at: a difference in a test on a shared machine would prove nothing.
    for name, value in (("unknown", unknown), ("wrong secret", key[:-1] + ("0" if key[-1] != "0" else "1")), ("revoked", revoked)):
        w, took = Wire(url), []
        for _ in range(300):
            w2 = Wire(url)
            data = post(b"", line=f"POST {path} HTTP/1.1\r\n".encode()).replace(auth, f"Authorization: Bearer {value}\r\n".encode())
            start = time.perf_counter()
            w2.send(data)
            w2.answer()
            took.append(time.perf_counter() - start)
            w2.close()
        w.close()
        print(f"info key, {name}: median {statistics.median(took) * 1e6:.0f} us of 300")


def bodies():
    attack("body, empty", post(b""), [400])
    attack("body, blanks", post(b"   "), [200, 400, 422])
    attack("body, NUL", post(b"\0" * 100), [200, 400, 422])
    attack("body, not UTF-8", post(sample.replace(b'"id"', b'"\xff\xfe"', 1)), [200, 400, 422])
    attack("body, overlong UTF-8", post(b'{"a":"\xc0\xaf"}'), [200, 422])
    attack("body, surrogates alone", post(b'{"a":"\\ud800"}'), [200, 422])
    for depth in (64, 65, 1000, 100000):
        attack(f"body, JSON of {depth} levels", post(b"[" * depth + b"]" * depth), [200, 422])
        attack(f"body, JSON objects of {depth} levels", post(b'{"a":' * depth + b"1" + b"}" * depth), [200, 422])
    attack("body, JSON that never ends", post(b'{"a":' * 50000), [200, 422])
    order = json.loads(sample)
    text = sample.strip()
    attack("body, a key twice", post(text[:-1] + b',"currency":"EUR"}'), [200, 422])
    for number in (b"1e400", b"-0", b"1e-400", b"9" * 400, b"0." + b"9" * 400, b"1E+99999999999", b"NaN", b"Infinity", b"01", b"0x1"):
        attack(f"body, the number {number[:14].decode()}", post(text[:-1] + b',"total_price":' + number + b"}"), [200, 422])
    lines = next((k for k, v in order.items() if isinstance(v, list) and v and isinstance(v[0], dict) and "sku" in v[0]), None)
    order[lines] = order[lines] * (10000 // len(order[lines]))
    attack("body, an order of 10,000 lines", post(json.dumps(order, separators=(",", ":")).encode()), [200, 413, 422], wait=20)
    attack("body, 300,000 small objects", post(b"[" + b",".join([b'{"a":1}'] * 120000) + b"]"), [200, 413, 422], wait=20)
    attack("body, a key of 900 KB", post(b'{"' + b"k" * 900000 + b'":1}'), [200, 413, 422], wait=10)
    # Too large is said before it is read, and a liar is stopped where the limit is.
    w = Wire(url)
    w.send(post(b"", length=b"99999999999"))
    start, got = time.monotonic(), w.answer()
    tell("body, too long by its length, is refused before it is read",
         None if got and got[0] == 413 and time.monotonic() - start < 2 else got)
    w.close()
    w = Wire(url)
    w.send(post(b"", chunked, length=b""))
    sent, piece = 0, b"10000\r\n" + b"x" * 65536 + b"\r\n"
    while sent < 64 << 20 and w.send(piece):
        sent += 65536
    tell("body, chunks without end are stopped", None if sent < 24 << 20 else f"took {sent} bytes")
    w.close()
    tell("body, a good request after it", None if good() else "is not answered")
    w = Wire(url)
    w.send(post(b"", b"Expect: 100-continue\r\n", length=b"99999999999"))
    got = w.answer()
    tell("body, too long is refused instead of 100", None if got and got[0] == 413 else got)
    w.close()


for part in (framing, paths, queries, headers, keys, bodies):
    if len(sys.argv) < 5 or part.__name__ in sys.argv[4:]:
        part()
