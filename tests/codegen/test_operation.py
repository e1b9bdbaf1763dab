"""An operation that its vendor describes by other schemas than it did: `refresh` says so, and takes nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
import yaml

from codegen.__main__ import main
from codegen.aws import from_aws
from codegen.files import replace_files
from tests.codegen.test_aws import MODEL
from tests.codegen.test_hostile import contents, said
from tests.codegen.test_refresh import DISCOVERY
from tests.codegen.workshop import Workshop

Document: TypeAlias = dict[str, Any]
Change: TypeAlias = Callable[[Document], None]
JSON: Final = "application/json"


def ref(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}


def post(document: Document) -> Document:
    operation: Document = document["paths"]["/chat"]["post"]
    return operation


def request_of(document: Document, schema: Document) -> None:
    post(document)["requestBody"]["content"][JSON]["schema"] = schema


def reply_of(document: Document, schema: Document, media: str = JSON) -> None:
    post(document)["responses"]["200"]["content"][media] = {"schema": schema}


def body_elsewhere(document: Document) -> None:
    document["components"]["requestBodies"] = {"Body": post(document)["requestBody"]}
    post(document)["requestBody"] = {"$ref": "#/components/requestBodies/Body"}


def path_elsewhere(document: Document, where: str = "#/components/pathItems/Chat") -> None:
    document["components"]["pathItems"] = {"Chat": document["paths"]["/chat"]}
    document["paths"]["/chat"] = {"$ref": where}


def numbered(document: Document) -> None:
    post(document)["responses"] = {200: post(document)["responses"]["200"]}


def moved(document: Document, path: str, method: str = "post") -> None:
    document["paths"] = {"/models": {"get": {}}, path: {method: post(document)}}


def refreshed(workshop: Workshop, document: Document | str) -> tuple[int, str]:
    """The status and the line of `refresh`; where it refuses, nothing is written."""
    file = workshop.specs.parent / "published"
    file.write_text(document if isinstance(document, str) else yaml.safe_dump(document), encoding="utf-8")
    before = contents(workshop.specs)
    status, line = said(workshop, "refresh", "acme", "--from", str(file))
    assert status == 0 or (line.count("\n") == 1 and contents(workshop.specs) == before)
    return status, line


OTHER: Final[list[tuple[Change, str]]] = [
    (
        lambda document: request_of(document, ref("Newer")),
        "the request of POST /chat is Newer instead of Request: if that is right, name it at operation.request in "
        "specs/acme/source.toml\n",
    ),
    (
        lambda document: request_of(document, {"allOf": [ref("Request"), {"properties": {"a": {}}}]}),
        "the request of POST /chat is no more the component Request: if that is right, name it at [inline] in",
    ),
    (lambda document: reply_of(document, ref("Newer")), "the response of POST /chat is Newer instead of Reply"),
    (
        lambda document: reply_of(document, ref("Newer"), "text/event-stream"),
        "the stream of POST /chat is Newer instead of Event",
    ),
    (lambda document: moved(document, "/v2/chat"), "has no operation POST /chat, but /v2/chat\n"),
    (lambda document: moved(document, "/chat", "get"), "has no operation POST /chat\n"),
    (
        lambda document: path_elsewhere(document, "./paths/chat.yaml"),
        "has a part in another file, ./paths/chat.yaml: make one file of them, for --from FILE\n",
    ),
    (lambda document: path_elsewhere(document, "#/components/pathItems/Gone"), "nothing stands at /components/"),
    (lambda document: path_elsewhere(document, "#/paths/~1chat"), "has no operation POST /chat\n"),
]


@pytest.mark.parametrize(("change", "complaint"), OTHER)
def test_an_operation_that_is_not_what_it_was(workshop: Workshop, change: Change, complaint: str) -> None:
    document = yaml.safe_load(workshop.document("Newer: {properties: {a: {$ref: Request}}}"))
    change(document)
    status, line = refreshed(workshop, document)
    assert status == 1
    assert complaint in line


SAME: Final[list[Change]] = [
    body_elsewhere,
    path_elsewhere,
    numbered,
    lambda document: reply_of(document, {"oneOf": [ref("Reply"), ref("Event")]}),  # as Cohere has it
    lambda document: reply_of(document, ref("Envelope"), "text/event-stream"),  # as Mistral has it
    lambda document: request_of(document, {"allOf": [ref("Request")]}),
    lambda document: document.update(openapi="3.2.0"),
]


@pytest.mark.parametrize("change", SAME)
def test_the_same_operation_otherwise_described(workshop: Workshop, change: Change) -> None:
    document = yaml.safe_load(workshop.document("Envelope: {properties: {data: {$ref: Event}}}"))
    change(document)
    assert refreshed(workshop, document) == (0, "")


def test_an_inline_schema_that_is_a_component_now(workshop: Workshop) -> None:
    pointer = "/paths/~1chat/post/requestBody/content/application~1json/schema"
    workshop.configure(rest=f'[inline]\nRequest = "{pointer}"')
    status, line = refreshed(workshop, yaml.safe_load(workshop.document("")))
    assert status == 1
    assert f"what stands at {pointer} is the component Request now: name that one in source.toml" in line


@pytest.mark.parametrize("role", ["input", "output"])
def test_an_aws_operation_with_other_shapes(workshop: Workshop, role: str) -> None:
    path = "/model/{modelId}/chat"
    workshop.configure(top='format = "aws-service-model"')
    source = workshop.vendor / "source.toml"
    text = source.read_text(encoding="utf-8").replace("/chat", path).replace('error = "Problem"', "")
    source.write_text(text, encoding="utf-8")
    model = json.loads(json.dumps(MODEL))
    model["operations"]["Chat"] |= {"input": {"shape": "Request"}, "output": {"shape": "Reply"}}
    model["shapes"].setdefault("Event", {"type": "structure", "members": {}})
    assert refreshed(workshop, json.dumps(model)) == (0, "")
    model["operations"]["Chat"][role] = {"shape": "Call"}
    assert "is Call instead of " in refreshed(workshop, json.dumps(model))[1]


@pytest.mark.parametrize("role", ["request", "response"])
def test_a_google_method_with_other_schemas(workshop: Workshop, role: str) -> None:
    workshop.configure(top='format = "google-discovery"')
    document = json.loads(json.dumps(DISCOVERY))
    methods = document["resources"]["models"]["resources"]["chats"]["methods"]
    methods["ask"] |= {"request": {"$ref": "Request"}, "response": {"$ref": "Reply"}}
    methods["look"] = {"path": "chat", "httpMethod": "GET"}  # at the same address
    assert refreshed(workshop, json.dumps(document)) == (0, "")
    methods["ask"][role] = {"$ref": "Event"}
    assert "of POST /chat is Event instead of " in refreshed(workshop, json.dumps(document))[1]


def test_both_files_or_none(tmp_path: Path) -> None:
    """Where one cannot be written, here as its folder is a file, the other is as it was."""
    good, bad = tmp_path / "a", tmp_path / "a.toml" / "b"
    (tmp_path / "a.toml").write_text("a file", encoding="utf-8")
    with pytest.raises(OSError, match="exist"):
        replace_files({good: "new", bad: "new"})
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.toml"]


def header(name: str, **more: object) -> Document:
    return {"name": name, "in": "header", "schema": {"type": "string"}, **more}


BESIDE: Final[list[tuple[Document, str, int]]] = [
    ({"deprecated": True}, "operation changed: deprecated none -> true", 1),
    ({"parameters": [header("X-Region", required=True)]}, "breaks callers of what does not send X-Region", 2),
    ({"parameters": [{"$ref": "#/components/parameters/Region"}]}, "query required now: region", 2),
    ({"parameters": [header("X-Region"), {"name": "id", "in": "path", "required": True}]}, "no change", 0),
    ({"deprecated": False, "parameters": [], "summary": "Story", "operationId": "chat"}, "no change", 0),
]


@pytest.mark.parametrize(("change", "says", "status"), BESIDE)
def test_what_an_operation_says_beside_its_schemas(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], change: Document, says: str, status: int
) -> None:
    document = yaml.safe_load(workshop.document(""))
    assert refreshed(workshop, document) == (0, "")
    document["components"]["parameters"] = {"Region": {"name": "region", "in": "query", "required": True}}
    post(document).update(change)
    file = workshop.specs.parent / "newer"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert main(["diff", "acme", "--from", str(file), "--specs", str(workshop.specs)]) == status
    assert says in capsys.readouterr().out
    assert refreshed(workshop, document) == (0, "")
    assert main(["diff", "acme", "--from", str(file), "--specs", str(workshop.specs)]) == 0  # the cut keeps it


def test_an_aws_header_that_must_be_sent(workshop: Workshop) -> None:
    model = json.loads(json.dumps(MODEL))
    model["operations"]["Chat"]["input"] = {"shape": "Request"}
    model["shapes"]["Request"]["required"].append("token")
    [operation] = from_aws(model)["paths"]["/model/{modelId}/chat"].values()
    assert operation["parameters"] == [{"name": "x-token", "in": "header", "required": True}]
