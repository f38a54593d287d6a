"""What schemathesis cannot know of this service by itself; loaded into its process by ``SCHEMATHESIS_HOOKS``.

JSON lines are a media type that it does not write or read, and three promises of the service are in no document.
"""

import json
from typing import Any

import schemathesis
from hypothesis import strategies as st

Case = schemathesis.Case[Any]
_NDJSON = "application/x-ndjson"
_JUNK = (
    b"{}\n",
    b"\n",
    b"[]\n",
    b"null\n",
    b'{"kind":"failure"}\n',
    b"\xff\xfe\n",
    b'{"ts": 1e999}\n',
    b"\x00\n",
    b"{",
)


@schemathesis.hook
def before_load_schema(ctx: Any, raw_schema: dict[str, Any]) -> None:
    """Lines are drawn from the document's examples and from junk, as bytes: it cannot send those examples as texts."""
    examples = []
    for operation in raw_schema["paths"].values():
        content = operation.get("post", {}).get("requestBody", {}).get("content", {})
        if _NDJSON in content:
            examples.append(content[_NDJSON].pop("example").encode())
    line = st.sampled_from([*examples, *_JUNK]) | st.binary(max_size=20)
    schemathesis.openapi.media_type(_NDJSON, st.lists(line, max_size=5).map(b"".join))


@schemathesis.deserializer(_NDJSON)
def lines(ctx: Any, response: schemathesis.Response) -> str:
    """By the document the whole is a text; each of its lines is looked at by `every_line_is_a_receipt`."""
    return response.content.decode()


@schemathesis.check
def every_line_is_a_receipt(ctx: Any, response: schemathesis.Response, case: Case) -> None:
    """Or, at the end, a problem."""
    if response.headers.get("content-type") == [_NDJSON]:
        for line in response.content.splitlines():
            found = json.loads(line)
            assert {"accepted", "refusals"} <= found.keys() or "type" in found, line


@schemathesis.check
def what_the_schema_allows_is_refused_for_its_meaning_alone(
    ctx: Any, response: schemathesis.Response, case: Case
) -> None:
    """An instant of the future, a member that is not there: no schema can say so. Its form must not be the reason."""
    if case.meta is not None and case.meta.generation.mode.is_positive and response.status_code == 422:
        problem = json.loads(response.content)
        whole = problem["detail"].startswith("Expected `int") and problem["detail"].endswith("got `float`")
        # To JSON Schema 3.0 is an integer; here it is none, and no schema can tell the two apart.
        assert whole or problem["type"] == "/problems/refused-item", f"refused for its form: {problem}"


@schemathesis.check
def every_answer_can_be_found_in_the_log(ctx: Any, response: schemathesis.Response, case: Case) -> None:
    """By the id that its head and, if it is a problem, its body bear."""
    (told,) = response.headers["x-request-id"]
    if response.headers.get("content-type") == ["application/problem+json"]:
        assert told == json.loads(response.content)["request_id"]
