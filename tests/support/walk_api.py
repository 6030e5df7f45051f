#!/usr/bin/python3
"""walk_api.py - every operation of the OpenAPI document against a running gateway, and every answer against the document.

Environment: GATEWAY_URL, OWN (key of party shopify, all scopes), OTHER (key of party portal, all scopes), BARE (key of shopify,
no scope but operate's absence: submit only), ORDER, DOCUMENT, RETURN (ids of shopify), RUN (a number of this run), LOGS.
Prints ok and not ok lines.
"""
import glob, json, os, re, sys, urllib.error, urllib.request
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import openapi

env = os.environ
base, run = env["GATEWAY_URL"], env["RUN"]
nil = "00000000-0000-0000-0000-000000000000"
sample = open(os.path.join(openapi.TOP, "topology/parties/shopify/samples/1001-paid.json"), "rb").read().replace(
    b"450789469001", b"4507" + run.encode()).replace(b"#1001", b"#W" + run.encode())
portal = json.load(open(os.path.join(openapi.TOP, "topology/parties/portal/samples/PO-118.expected.json")))[0]["document"]
order = {k: v for k, v in portal.items() if k not in ("order_id", "party", "received_at", "enriched")}
order.update(source_id="W" + run, source_number="W" + run, currency="USD")
buyer = {"buyer": {"account": "207119529"}}

# operationId: arguments of the path, query, body, headers, expected status
GOOD = {
    "submitDocument": ({"party": "shopify"}, "kind=order", sample, {"Idempotency-Key": "walk-" + run}, 202),
    "submitOrder": ({}, "", order, {}, 202),
    "findOrders": ({}, "limit=3", None, {}, 200),
    "requestReturn": ({}, "", {"reference": "W" + run, "order_id": env["ORDER"], "lines": [{"line_no": 1, "quantity": "1"}]}, {}, 202),
    "receiveWebhook": ({"party": "woocommerce"}, "", b"webhook_id=3", {"Content-Type": "application/x-www-form-urlencoded"}, 200),
    "getDocument": ({"document_id": env["DOCUMENT"]}, "", None, {}, 200),
    "getOrder": ({"order_id": env["ORDER"]}, "", None, {}, 200),
    "getTimeline": ({"order_id": env["ORDER"]}, "limit=200", None, {}, 200),
    "getShipments": ({"order_id": env["ORDER"]}, "", None, {}, 200),
    "getInvoices": ({"order_id": env["ORDER"]}, "", None, {}, 200),
    "getReturns": ({"order_id": env["ORDER"]}, "", None, {}, 200),
    "getReturn": ({"return_id": env["RETURN"]}, "", None, {}, 200),
    "getAvailability": ({}, "sku=TR-1001,nothing", None, {}, 200),
    "askAvailability": ({}, "", {"items": [{"sku": "TR-1001"}, {"gtin": "00000000000000"}]}, {}, 200),
    "quote": ({}, "", {**buyer, "currency": "USD", "lines": [{"sku": "TR-1001", "quantity": "2"}, {"sku": "no", "quantity": "1"}]}, {}, 200),
    "validateCustomer": ({}, "", buyer, {}, 200),
    "getContract": ({}, "", None, {}, 200),
}
failed = {}


def ask(method, path, query="", body=None, headers=None, key=env["OWN"]):
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    request = urllib.request.Request(base + path + ("?" + query if query else ""), data=data, method=method)
    if data is not None:
        request.add_header("Content-Type", "application/json")
    if key:
        request.add_header("Authorization", "Bearer " + key)
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=20) as r:
            return r.status, r.headers, r.read()
    except urllib.error.HTTPError as e:
        return e.code, e.headers, e.read()


def check(name, route, wanted, answer, described=True):
    status, headers, body = answer
    found = openapi.complaints(route, status, headers.get("Content-Type", ""), body) if described else []
    if status != wanted:
        found.insert(0, f"{route}: {status} instead of {wanted}: {body[:200]!r}")
    failed.setdefault(name, []).extend(found)


def path_of(route, arguments):
    path = route.partition(" ")[2]
    for name, value in arguments.items():
        path = path.replace("{" + name + "}", value)
    return path


def known(arguments):  # the same path for something that nobody has
    return {n: nil if n.endswith("_id") else "nobody" for n in arguments}


def without_trace(body):
    problem = json.loads(body)
    problem.pop("trace", None)
    return problem


for route, operation in openapi.OPERATIONS.items():
    method = route.partition(" ")[0]
    name = operation["operationId"]
    if name not in GOOD:
        failed.setdefault("every operation is walked", []).append(f"{route}: {name} is not in walk_api.py")
        continue
    arguments, query, body, headers, status = GOOD[name]
    path = path_of(route, arguments)
    check("a good call", route, status, ask(method, path, query, body, headers))
    unknown = ask(method, path, "nonsense=1", body, headers)
    check("an argument that there is none of", route, 400, unknown)
    taken = re.search("it takes: ([a-z_, ]+)", json.loads(unknown[2]).get("errors", [{}])[0].get("detail", ""))
    described = sorted(p["name"] for p in operation.get("parameters", []) if p["in"] == "query")
    if sorted(taken.group(1).split(", ")) != (described or ["none"]) if taken else True:
        failed.setdefault("every argument is described", []).append(f"{route}: takes {taken and taken.group(1)}, described are {described}")
    check("a body in another encoding" if body is not None else "a good call", route, 415 if body is not None else status,
          ask(method, path, query, body, {**headers, **({"Content-Encoding": "gzip"} if body is not None else {})}))
    wrong = ask("PATCH", path, "", None)
    allowed = {r.partition(" ")[0] for r in openapi.OPERATIONS if r.partition(" ")[2] == route.partition(" ")[2]}
    allowed = sorted(allowed | ({"HEAD"} if "GET" in allowed else set()))
    if wrong[0] != 405 or sorted(wrong[1].get("Allow", "").split(", ")) != allowed:
        failed.setdefault("another method", []).append(f"{route}: {wrong[0]} {wrong[1].get('Allow')}, wants 405 {allowed}")
    if "x-scopes" not in operation:
        continue
    check("no key", route, 401, ask(method, path, query, body, headers, None))
    check("a key that is none", route, 401, ask(method, path, query, body, headers, env["OWN"][:-1] + ("0" if env["OWN"][-1] != "0" else "1")))
    if "submit" not in operation["x-scopes"]:
        check("a key without the scope", route, 403, ask(method, path, query, body, headers, env["BARE"]))
    if method == "POST" and body is not None and name != "submitDocument":
        check("a body that is no JSON", route, 422, ask(method, path, query, b"{", headers))
        check("a body with a field that there is none of", route, 422, ask(method, path, query, {"nonsense": 1}, headers))
    if name.startswith("get") and arguments:
        other, none = ask(method, path, query, key=env["OTHER"]), ask(method, path_of(route, known(arguments)), query, key=env["OTHER"])
        check("another party's", route, 404, other)
        check("nobody's", route, 404, none)
        if other[0] == 404 and none[0] == 404 and without_trace(other[2]) != without_trace(none[2]):
            failed.setdefault("another party's looks like nobody's", []).append(route)

for name in ("every operation is walked", "a good call", "an argument that there is none of", "every argument is described", "a body in another encoding", "another method",
             "no key", "a key that is none", "a key without the scope", "a body that is no JSON", "a body with a field that there is none of",
             "another party's", "nobody's", "another party's looks like nobody's"):
    found = failed.get(name, [])
    print(f"not ok walk, {name}: " + "; ".join(found[:6]) if found else f"ok walk, {name}")
lines = [line for file in glob.glob(env["LOGS"]) for line in open(file, errors="replace")]
found = openapi.log_complaints(lines)
print(f"not ok walk, every answer in the access log is described: " + "; ".join(found[:10]) if found
      else f"ok walk, every answer in the access log is described")
