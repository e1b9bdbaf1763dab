"""AWS service models: from twenty lines of shapes to types that read and write what stands on the wire."""

import copy
import gzip
import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.codegen.workshop import Reader, Workshop

TEXT: Final = {"shape": "Text"}
MODEL: Final[dict[str, Any]] = {
    "metadata": {"serviceFullName": "Acme Runtime", "apiVersion": "2023-09-30"},
    "operations": {
        "Chat": {
            "http": {"method": "POST", "requestUri": "/model/{modelId}/chat"},
            "errors": [{"shape": "Throttled"}, {"shape": "Broken"}],
        }
    },
    "shapes": {
        "Text": {"type": "string", "min": 1, "documentation": "<p>Long story</p>"},
        "Number": {"type": "integer", "box": True, "max": 9},
        "Ratio": {"type": "float"},
        "Bytes": {"type": "blob"},
        "Any": {"type": "structure", "members": {}, "document": True},
        "Texts": {"type": "list", "member": TEXT, "max": 4},
        "Labels": {"type": "map", "key": TEXT, "value": TEXT},
        "Why": {"type": "string", "enum": ["end", "length"]},
        "Block": {
            "type": "structure",
            "union": True,
            "members": {"text": TEXT, "image": {"shape": "Bytes"}, "call": {"shape": "Call"}},
        },
        "Blocks": {"type": "list", "member": {"shape": "Block"}},
        "Only": {"type": "structure", "union": True, "members": {"text": TEXT}},
        "Call": {"type": "structure", "required": ["name"], "members": {"name": TEXT, "input": {"shape": "Any"}}},
        "Empty": {"type": "structure", "members": {}},
        "Request": {
            "type": "structure",
            "required": ["modelId", "blocks"],
            "members": {
                "modelId": {"shape": "Text", "location": "uri", "locationName": "modelId"},
                "token": {"shape": "Text", "location": "header", "locationName": "x-token"},
                "blocks": {"shape": "Blocks"},
                "stops": {"shape": "Texts"},
                "labels": {"shape": "Labels"},
                "ratio": {"shape": "Ratio"},
                "extra": {"shape": "Any"},
                "auto": {"shape": "Empty"},
            },
        },
        "Reply": {
            "type": "structure",
            "required": ["blocks", "why"],
            "members": {
                "blocks": {"shape": "Blocks"},
                "why": {"shape": "Why"},
                "count": {"shape": "Number"},
                "only": {"shape": "Only"},
            },
        },
        "Event": {
            "type": "structure",
            "eventstream": True,
            "members": {"start": {"shape": "Start"}, "delta": {"shape": "Delta"}, "throttled": {"shape": "Throttled"}},
        },
        "Start": {"type": "structure", "members": {"role": TEXT}, "event": True},
        "Delta": {"type": "structure", "required": ["block"], "members": {"block": {"shape": "Block"}}, "event": True},
        "Throttled": {"type": "structure", "members": {"message": TEXT}, "exception": True},
        "Broken": {"type": "structure", "members": {"message": TEXT, "status": {"shape": "Number"}}, "exception": True},
    },
}


@pytest.fixture
def acme(workshop: Workshop) -> Workshop:
    """A vendor whose description is the model above, vendored and compiled."""
    workshop.configure('format = "aws-service-model"')
    source = workshop.vendor / "source.toml"
    text = source.read_text(encoding="utf-8").replace('"/chat"', '"/model/{modelId}/chat"')
    source.write_text(text.replace('"Problem"', '"ChatError"'), encoding="utf-8")
    workshop.decide(mapped=["blocks", "stops", "labels", "ratio", "auto"], passthrough=["extra"])
    assert refresh(workshop, json.dumps(MODEL).encode()) == 0
    workshop.generate()
    return workshop


def refresh(workshop: Workshop, content: bytes) -> int:
    file = workshop.specs.parent / "service-2.json"
    file.write_bytes(content)
    return workshop.run("refresh", "acme", "--from", str(file))


def reader(workshop: Workshop) -> Reader:
    return Reader(workshop.module("responses"))


def test_a_gzipped_model_is_read_like_a_plain_one(acme: Workshop) -> None:
    plain = (acme.vendor / "openapi.json").read_bytes()
    assert refresh(acme, gzip.compress(json.dumps(MODEL).encode())) == 0
    assert (acme.vendor / "openapi.json").read_bytes() == plain
    assert b"story" not in plain


def test_what_stands_in_the_path_or_a_header_is_no_field(acme: Workshop) -> None:
    text = acme.text("requests.py")
    assert "modelId" not in text
    assert "token" not in text


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("blocks: list[Block]", id="list"),
        pytest.param("stops: NotRequired[list[str]]", id="list-of-scalars"),
        pytest.param("labels: NotRequired[dict[str, str]]", id="map"),
        pytest.param("ratio: NotRequired[float]", id="float"),
        pytest.param("extra: NotRequired[object]", id="document"),
        pytest.param("auto: NotRequired[dict[str, object]]", id="empty-structure"),
        pytest.param("text: NotRequired[str]\n    image: NotRequired[str]\n    call: NotRequired[Call]", id="union"),
    ],
)
def test_shapes_of_requests(acme: Workshop, line: str) -> None:
    assert f"    {line}\n" in acme.text("requests.py")


def test_a_union_is_told_by_its_key_in_replies(acme: Workshop) -> None:
    blocks = [{"text": "a"}, {"image": "AAE="}, {"call": {"name": "f", "input": [1]}}, {"video": 1}]
    reply = reader(acme).read({"blocks": blocks, "why": "tired", "only": {"text": "b"}})
    names = [type(block).__name__ for block in reply.blocks]
    assert names == ["TextBlock", "ImageBlock", "CallBlock", "UnknownVariant"]
    assert (reply.why, reply.count, reply.only.text) == ("tired", None, "b")


def test_a_union_of_one_key_is_an_object_until_it_gets_another(acme: Workshop) -> None:
    assert "class Only(Wire):\n    text: str | None = None\n" in acme.text("responses.py")
    assert reader(acme).read({"new": 1}, "Only").model_extra == {"new": 1}


def test_an_event_is_told_by_its_name_and_exceptions_are_among_them(acme: Workshop) -> None:
    events = [{"start": {"role": "assistant"}}, {"delta": {"block": {"text": "a"}}}, {"throttled": {"message": "slow"}}]
    read = [reader(acme).read(event, "Event") for event in events]
    assert [type(event).__name__ for event in read] == ["StartEvent", "DeltaEvent", "ThrottledEvent"]
    assert read[1].delta.block.text == "a"
    assert type(reader(acme).read({"later": {}}, "Event")).__name__ == "UnknownVariant"


def test_any_error_is_read_as_one_object(acme: Workshop) -> None:
    assert reader(acme).read({"message": "no", "status": 3}, "ChatError").status == 3


def test_bounds_are_kept_among_the_facts(acme: Workshop) -> None:
    schemas = json.loads((acme.vendor / "openapi.json").read_text(encoding="utf-8"))["components"]["schemas"]
    assert schemas["Reply"]["properties"]["count"] == {"type": "integer", "maximum": 9}
    assert schemas["Request"]["properties"]["stops"]["maxItems"] == 4


@pytest.mark.parametrize(
    ("part", "complaint"), [("operations", "is no AWS service model"), ("shapes", "has no shapes")]
)
def test_what_is_no_service_model_is_refused(
    acme: Workshop, capsys: pytest.CaptureFixture[str], part: str, complaint: str
) -> None:
    model = copy.deepcopy(MODEL)
    del model[part]
    assert refresh(acme, json.dumps(model).encode()) == 1
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("shape", "described"),
    [
        ({"type": "timestamp"}, {"type": "number", "format": "unixtime"}),
        ({"type": "timestamp", "timestampFormat": "iso8601"}, {"type": "string", "format": "date-time"}),
    ],
)
def test_times_are_what_the_shape_says(acme: Workshop, shape: dict[str, str], described: dict[str, str]) -> None:
    model = copy.deepcopy(MODEL)
    model["shapes"]["Number"] = shape
    assert refresh(acme, json.dumps(model).encode()) == 0
    cut = json.loads((acme.vendor / "openapi.json").read_text(encoding="utf-8"))
    assert cut["components"]["schemas"]["Reply"]["properties"]["count"] == described


def test_a_type_that_is_new_to_aws_models_is_named(acme: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    model = copy.deepcopy(MODEL)
    model["shapes"]["Number"] = {"type": "bigDecimal"}
    assert refresh(acme, json.dumps(model).encode()) == 1
    assert "the shape Number is of the type 'bigDecimal', which no AWS model had before" in capsys.readouterr().err


def test_broken_gzip_is_one_clear_line(acme: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert refresh(acme, gzip.compress(b"{}")[:-9]) == 1
    assert capsys.readouterr().err.endswith("is no whole gzip file\n")


def test_bedrock_is_vendored_from_such_a_model() -> None:
    cut = Path(__file__).parents[2] / "specs" / "bedrock" / "openapi.json"
    schemas = json.loads(cut.read_text(encoding="utf-8"))["components"]["schemas"]
    assert schemas["ContentBlock"]["x-keyed-union"] == {}
    assert "modelId" not in schemas["ConverseRequest"]["properties"]
