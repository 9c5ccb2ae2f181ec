"""What the fuzzer of the API knows beyond the contract: ids and codes that are there, what must never
be answered to whom, and how much of it is wanted. `ORDO_FUZZ_FACTS` names a file with:

  ids        by the word before them in an address, such as {"orders": ["ord_..."]}
  codes      by the field or parameter that holds them, such as {"sku": ["A"]}
  secrets    texts of other organizations, which no answer may hold
  foreign    whether the ids are another organization's, so that each must answer 404 or be refused
  protected  ids of keys that are in use, which no request may revoke
  share_ppm  the share of the cases of the phase `coverage` that are sent, in millionths
  seed       chooses which
  tally      where to write what was sent, what came back, and what failed
"""

import atexit
import json
import os
import random
import threading
import urllib.parse

import schemathesis

with open(os.environ["ORDO_FUZZ_FACTS"], encoding="utf-8") as file:
    FACTS = json.load(file)

IDS = FACTS["ids"]
CODES = FACTS["codes"]
# The ids of things; words such as the code of an error are everybody's.
KNOWN = frozenset(known for kind in IDS.values() for known in kind if "_0" in known)
CHANCE = random.Random(FACTS["seed"])
LOCK = threading.Lock()
TALLY = {"requests": 0, "status": {}, "operations": {}, "foreign": 0, "failures": []}
TOLD = set()

# Of four requests, three are about something that is there.
KNOWN_SHARE = 0.75

# What a request for somebody else's things may end with. What cannot be read is refused before
# anything is looked up.
REFUSED = (400, 401, 403, 404, 405, 413, 415, 422)


def places(path):
    """The place-holders of an address, each with the word that stands before it."""
    parts = path.split("/")
    for before, place in zip(parts, parts[1:]):
        if place.startswith("{"):
            yield place.strip("{}"), before


def with_codes(value):
    """The same with codes that are there, in the fields that hold codes."""
    if isinstance(value, list):
        return [with_codes(one) for one in value]
    if not isinstance(value, dict):
        return value
    changed = {}
    for name, held in value.items():
        known = CODES.get(name.removesuffix("s"))
        if known and isinstance(held, str) and CHANCE.random() < KNOWN_SHARE:
            changed[name] = CHANCE.choice(known)
        elif known and isinstance(held, list) and all(isinstance(one, str) for one in held):
            changed[name] = [CHANCE.choice(known) for _ in held]
        else:
            changed[name] = with_codes(held)
    return changed


@schemathesis.serializer("application/x-ndjson")
def lines(ctx, value):
    """One document a line; a list is several."""
    if isinstance(value, bytes):
        return value
    documents = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(document) for document in documents).encode()


@schemathesis.hook
def filter_case(context, case):
    is_coverage = case.meta is not None and case.meta.phase.name.name == "COVERAGE"
    return not is_coverage or CHANCE.randrange(1_000_000) < FACTS["share_ppm"]


@schemathesis.hook
def map_case(context, case):
    is_known = CHANCE.random() < KNOWN_SHARE
    for name, word in places(case.path):
        if is_known and word in IDS and case.path_parameters and name in case.path_parameters:
            case.path_parameters[name] = CHANCE.choice(IDS[word])
    # What is wrong on purpose stays as it is.
    if case.meta is None or case.meta.generation.mode.is_positive:
        case.body = with_codes(case.body)
        if case.query:
            case.query = with_codes(dict(case.query))
    return case


@schemathesis.hook
def before_call(context, case, **kwargs):
    # Links between operations lead to every key; whoever revoked its own would see nothing but 401.
    is_revoke = case.path.endswith("/api-keys/{id}/revoke")
    if is_revoke and (case.path_parameters or {}).get("id") in FACTS["protected"]:
        case.path_parameters["id"] = CHANCE.choice(IDS["api-keys"])


@schemathesis.hook
def after_call(context, case, response):
    status = str(response.status_code)
    with LOCK:
        TALLY["requests"] += 1
        TALLY["status"][status] = TALLY["status"].get(status, 0) + 1
        told = TALLY["operations"].setdefault(f"{case.method} {case.path}", {})
        told[status] = told.get(status, 0) + 1


@schemathesis.hook
def after_network_error(context, case, request):
    tell(f"{case.method} {case.path}", "no answer", f"{request.method} {request.url}")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    status = response.status_code
    is_allowed = (
        # A reader may ask to see more than there is, and waits for it in vain.
        (status == 503 and '"view_behind"' in response.text)
        or failure.code == "ST201"
        and (
            # A body that is too large is refused as that, whatever else is wrong with it.
            status == 413
            # Each line of an import is accepted or refused by itself.
            or case.path.endswith("/orders/import")
            # A body that may be empty was left out, and nothing else is wrong.
            or "positive test case" in failure.message
            # An empty parameter counts as absent.
            or any(not value.strip() for _, value in sent_parameters(response))
        )
    )
    if not is_allowed:
        asked = f"{case.method} {case.path}"
        tell(asked, failure.title, f"{failure.message}\n{status} {response.text[:400]}\n{case.as_curl_command()}")
    return not is_allowed


def sent_parameters(response):
    query = urllib.parse.urlsplit(response.request.url).query
    return urllib.parse.parse_qsl(query, keep_blank_values=True)


def tell(asked, title, message):
    with LOCK:
        if (asked, title) not in TOLD:
            TOLD.add((asked, title))
            TALLY["failures"].append({"asked": asked, "title": title, "message": message})


@schemathesis.check
def nothing_of_others(ctx, response, case):
    """Nothing of another organization is answered, in body or header."""
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    for secret in FACTS["secrets"]:
        assert secret not in response.text and secret not in headers, f"the answer holds {secret}"


@schemathesis.check
def others_are_not_found(ctx, response, case):
    """What is at an address with another organization's id is not found."""
    if not FACTS["foreign"]:
        return
    held = [value for value in (case.path_parameters or {}).values() if value in KNOWN]
    if held:
        with LOCK:
            TALLY["foreign"] += 1
        assert response.status_code in REFUSED, f"{held[0]} is another organization's"


@atexit.register
def write_tally():
    with open(FACTS["tally"], "w", encoding="utf-8") as file:
        json.dump(TALLY, file)
