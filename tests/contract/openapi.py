#!/usr/bin/python3
"""Lints topology/api/openapi.yaml: what its readers rely on. Needs no server. Prints ok and not ok lines."""
import json, os, re, sys, yaml
from jsonschema import Draft202012Validator

top = os.path.join(os.path.dirname(__file__), "..", "..")
path = os.path.join(top, "topology/api/openapi.yaml")
document = yaml.safe_load(open(path))
problems = {}


def problem(name, text):
    problems.setdefault(name, []).append(text)


def result(name):
    found = problems.get(name, [])
    print(f"not ok openapi, {name}: " + "; ".join(found[:10]) if found else f"ok openapi, {name}")


def resolve(ref):
    """The node that a reference names, in this file or in one beside it."""
    file, _, pointer = ref.partition("#")
    node = document if not file else json.load(open(os.path.join(os.path.dirname(path), file)))
    for part in [p for p in pointer.split("/") if p]:
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def walk(node, at=""):
    yield at, node
    if isinstance(node, dict):
        for key, value in node.items():
            yield from walk(value, f"{at}/{key}")
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from walk(value, f"{at}/{i}")


def follow(node):
    while isinstance(node, dict) and "$ref" in node:
        node = resolve(node["$ref"])
    return node


used = set()
for at, node in walk(document):
    if isinstance(node, dict) and "$ref" in node:
        used.add(node["$ref"])
        try:
            resolve(node["$ref"])
        except (KeyError, FileNotFoundError):
            problem("every reference leads somewhere", f"{at}: {node['$ref']}")
        if len(node) > 1:
            problem("every reference leads somewhere", f"{at}: has members beside $ref")
result("every reference leads somewhere")

for kind, members in document["components"].items():
    for name in members:
        if kind != "securitySchemes" and f"#/components/{kind}/{name}" not in used and kind != "headers":
            problem("nothing is described that nobody uses", f"{kind}/{name}")
result("nothing is described that nobody uses")

for name, schema in document["components"]["schemas"].items():
    try:
        Draft202012Validator.check_schema(schema)
    except Exception as e:
        problem("every schema is one", f"{name}: {e}")
    for at, node in walk(schema):
        if isinstance(node, dict) and node.get("type") == "object" and "properties" in node:
            for required in node.get("required", []):
                if required not in node["properties"]:
                    problem("every schema is one", f"{name}{at}: {required} is required and not described")
            if node.get("additionalProperties") is not False:
                problem("every schema is one", f"{name}{at}: lets anything in")
result("every schema is one")

ids, tags = set(), {t["name"] for t in document["tags"]}
for route, item in document["paths"].items():
    for method, operation in item.items():
        at = f"{method.upper()} {route}"
        for key in ("operationId", "summary", "tags", "responses"):
            if not operation.get(key):
                problem("every operation says what it is", f"{at}: no {key}")
        if operation["operationId"] in ids:
            problem("every operation says what it is", f"{at}: its operationId is another one's, too")
        ids.add(operation["operationId"])
        if not set(operation["tags"]) <= tags:
            problem("every operation says what it is", f"{at}: a tag that is not listed")
        if ("x-scopes" in operation) == (operation.get("security") == []):
            problem("every operation says who may", f"{at}: either x-scopes, or security: []")
        parameters = [follow(p) for p in operation.get("parameters", [])]
        names = {p["name"] for p in parameters if p["in"] == "path"}
        if names != set(re.findall(r"{([^}]+)}", route)):
            problem("every argument of a path is described", at)
        for p in parameters:
            if "schema" not in p:
                problem("every argument of a path is described", f"{at}: {p['name']} has no schema")
        for status, response in operation["responses"].items():
            response = follow(response)
            if not response.get("description"):
                problem("every answer is described", f"{at}: {status}")
            content = response.get("content", {})
            if int(status) >= 400 and list(content) != ["application/problem+json"]:
                problem("every answer is described", f"{at}: {status} is no problem")
            if int(status) >= 400 and not response.get("x-codes"):
                problem("every answer is described", f"{at}: {status} has no x-codes")
            if int(status) < 300 and not content:
                problem("every answer is described", f"{at}: {status} has no content")
        wanted = {"400", "503"} | ({"401", "403", "404", "429", "500"} if "x-scopes" in operation else set())
        for status in sorted(wanted - set(operation["responses"])):
            problem("every answer is described", f"{at}: no {status}")
        if bool(operation.get("deprecated")) != ("x-deprecated-at" in operation):
            problem("what is deprecated says since when", at)
for name in ("every operation says what it is", "every operation says who may", "every argument of a path is described",
             "every answer is described", "what is deprecated says since when"):
    result(name)

codes = open(os.path.join(top, "ops/error-codes.md")).read()
for name, response in document["components"]["responses"].items():
    for code in response.get("x-codes", []):
        if code != "*" and f"`{code}`" not in codes:
            problem("every code stands in ops/error-codes.md", f"{name}: {code}")
result("every code stands in ops/error-codes.md")
