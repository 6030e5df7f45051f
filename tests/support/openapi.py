"""topology/api/openapi.yaml for tests: what it says about an operation, and whether an answer is as it says."""
import json, os, re, yaml
from jsonschema import Draft202012Validator, FormatChecker

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PATH = os.path.join(TOP, "topology/api/openapi.yaml")
DOCUMENT = yaml.safe_load(open(PATH))


def resolve(ref):
    file, _, pointer = ref.partition("#")
    node = DOCUMENT if not file else json.load(open(os.path.join(os.path.dirname(PATH), file)))
    for part in [p for p in pointer.split("/") if p]:
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def expand(node):
    """The node with every reference replaced by what it names; there are no circles."""
    if isinstance(node, dict):
        return expand(resolve(node["$ref"])) if "$ref" in node else {k: expand(v) for k, v in node.items()}
    return [expand(v) for v in node] if isinstance(node, list) else node


OPERATIONS = {f"{method.upper()} {path}": expand(operation)
              for path, item in DOCUMENT["paths"].items() for method, operation in item.items()}


def complaints(route, status, content_type, body):
    """What of an answer is not as the document says: a list of texts."""
    operation = OPERATIONS.get(route)
    if operation is None:
        return [f"{route} is not described"]
    response = operation["responses"].get(str(status))
    if response is None:
        return [f"{route}: {status} is not described"]
    content = response.get("content", {})
    if not content:
        return [f"{route}: {status} has a body"] if body else []
    media = content_type.partition(";")[0].strip()
    if media not in content:
        return [f"{route}: {status} is {media}, not {', '.join(content)}"]
    if "json" not in media:
        return []
    value = json.loads(body)
    found = [f"{route}: {status}: {'/'.join(map(str, e.path))}: {e.message[:150]}"
             for e in Draft202012Validator(content[media]["schema"], format_checker=FormatChecker()).iter_errors(value)]
    codes = response.get("x-codes")
    if codes and "*" not in codes and value.get("code") not in codes:
        found.append(f"{route}: {status}: the code {value.get('code')} is not described")
    return found


def log_complaints(lines):
    """The same of the gateway's access log: every answer it gave, whoever asked."""
    found = set()
    for line in lines:
        m = re.search(r'event=access status=(\d+) code=(\S+) route="([^"]+)"', line)
        if not m or m.group(3) == "-" or m.group(1) == "0":  # 0: its sender went before there was an answer
            continue
        status, code, route = m.groups()
        response = OPERATIONS.get(route, {}).get("responses", {}).get(status)
        if response is None:
            found.add(f"{route}: {status} {code} is not described")
        # Of a 401 the log has the true reason, and the caller is told one and the same.
        elif status != "401" and code != "-" and "*" not in response.get("x-codes", []) and code not in response.get("x-codes", []):
            found.add(f"{route}: {status}: the code {code} is not described")
    return sorted(found)
