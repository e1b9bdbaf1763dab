"""Whatever stops `generate` does so with one line that says what to do, status 1, and nothing written."""

import signal
from importlib import import_module

import pytest

from tests.codegen.workshop import Workshop

REQUEST = "Request: {type: object, properties: {model: {type: string}, priority: {type: string}}, required: [model]}"


def refused(workshop: Workshop, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the compiler, which must refuse; the one line it says."""
    capsys.readouterr()
    assert workshop.run(*(arguments or ("generate",))) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("codegen: ")
    assert said.err.count("\n") == 1
    assert not workshop.out.exists()
    return said.err


def test_a_request_field_without_a_verdict(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    workshop.describe(REQUEST)
    line = refused(workshop, capsys)
    assert "specs/acme/decisions.toml" in line
    assert "no verdict on the request field priority: add it to mapped, passthrough or ignored" in line


@pytest.mark.parametrize("verdict", ["mapped", "passthrough", "ignored"])
def test_a_verdict_about_a_field_that_is_gone(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], verdict: str
) -> None:
    lists = {"mapped": ["model"], "passthrough": list[str]()}
    if verdict in lists:
        lists[verdict].append("priority")
    workshop.decide(**lists, ignored='priority = "why"' if verdict == "ignored" else "")
    assert f"{verdict}: priority is no field of the request any more" in refused(workshop, capsys)


def test_what_the_vendor_requires_is_no_option(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    workshop.describe(REQUEST.replace("[model]", "[model, priority]"))
    workshop.decide(mapped=["model"], passthrough=["priority"])
    assert "passthrough: the vendor requires priority: add it to mapped" in refused(workshop, capsys)


def test_two_verdicts_on_one_field(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    workshop.decide(mapped=["model"], passthrough=["model"])
    assert "two verdicts on model: mapped and passthrough" in refused(workshop, capsys)


def test_ignoring_without_a_reason(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    workshop.decide(ignored='model = " "')
    assert "ignored: model needs a reason" in refused(workshop, capsys)


def test_several_fields_without_a_verdict_are_named_at_once(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.describe("Request: {type: object, properties: {model: {}, priority: {}, speed: {}}}")
    line = refused(workshop, capsys)
    assert "no verdict on the request fields priority, speed: add each to mapped, passthrough or ignored" in line


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('mapped = "model"', "mapped: input should be a valid list, not 'model'"),
        ("mapped = ['model', 3]", "mapped number 2: input should be a valid string, not 3"),
        ("maped = ['model']", "unknown key 'maped' (did you mean 'mapped'?)"),
        ("ignored = ['model']", "ignored: input should be a table, not ['model']"),
        ("mapped = [", "not TOML: "),
    ],
)
def test_a_decisions_toml_that_is_none(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], text: str, complaint: str
) -> None:
    (workshop.vendor / "decisions.toml").write_text(text, encoding="utf-8")
    assert f"specs/acme/decisions.toml: {complaint}" in refused(workshop, capsys)


def test_a_nested_field_without_a_verdict(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    workshop.configure(rest='[stubs.fields]\nconfig = "ConfigFields"')
    workshop.decide(mapped=["model", "config", "config.n"])
    workshop.describe("""
        Config: {type: object, properties: {n: {type: integer}, k: {type: integer}}}
        Request: {properties: {model: {type: string}, config: {$ref: Config}}, required: [model]}
    """)
    assert "no verdict on the request field config.k:" in refused(workshop, capsys)


@pytest.mark.parametrize(
    ("actions", "complaint"),
    [
        ("- {target: $.components.schemas.Gone, description: why, remove: true}", "action 1 matches nothing: $.comp"),
        (
            "- {target: $.info, description: why, update: {version: '1'}}",
            "action 1 changes nothing: $.info is already so",
        ),
        ("- {target: $.info, update: {version: '2'}}", "actions number 1: description is missing"),
        (
            "- {target: $.info, description: ' ', update: 1}",
            r"actions number 1: description: ' ' is not of the form \S",
        ),
        ("- {target: $.info, description: why}", "actions number 1: give one of update, copy, and remove: true"),
        ("- {target: $.info, description: why, remove: false}", "remove: input should be True, not False"),
        ("- {target: $.info, description: why, updat: {}}", "unknown key 'updat' (did you mean 'update'?)"),
        ("- target", "actions number 1: input should be a table, not 'target'"),
        ("- {target: $, description: why, remove: true}", "action 1: $ is the whole document; say which part of it"),
        ("- {target: $.paths.*, description: why, remove: true}", "the description has 0 operations instead of one"),
        (
            "- {target: $.components.schemas.Reply.type, description: why, update: {a: 1}}",
            "Reply: type cannot be {'a': 1}",
        ),
        ("- {target: '$[', description: why, remove: true}", "action 1: $[:"),
        ("- {target: $.info, description: why, copy: $.nowhere}", "copy must name one place, and $.nowhere names 0"),
        ("- {{{", "specs/acme/overlay.yaml: "),
    ],
)
def test_an_overlay_that_does_not_fit(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], actions: str, complaint: str
) -> None:
    workshop.overlay(actions)
    assert complaint in refused(workshop, capsys)


@pytest.mark.parametrize(
    ("schemas", "complaint"),
    [
        ("Reply: {properties: {x: {$ref: Lost}}}", "specs/acme: Reply refers to Lost, which is not described"),
        ("Reply: {allOf: [{type: string}, {properties: {x: {}}}]}", "Reply: allOf of something that is no object"),
        (
            "Request: {oneOf: [{properties: {a: {}}}, {properties: {b: {}}}]}",
            "Request is a choice; make it one object by overlay",
        ),
        ("Reply: {properties: {x: nonsense}}", "'nonsense' stands where a schema should"),
        ("Reply: {properties: {x: {items: false}}}", "Reply: 'False' stands where a schema should"),
        ("Reply: {properties: {x: {type: 3}}}", "Reply: type cannot be 3"),
        ("Reply: {properties: [x]}", "Reply: properties cannot be ['x']"),
        ("Reply: {required: x}", "Reply: required cannot be 'x'"),
        ("Reply: {properties: {x: {items: {enum: []}}}}", "Reply: enum cannot be []"),
        ("Reply: {properties: {x: {oneOf: []}}}", "Reply: oneOf cannot be []"),
        ("Reply: {discriminator: type, oneOf: [{}]}", "Reply: discriminator cannot be 'type'"),
        ("Request: {properties: {model: {}, _x: {}}}", "requests: Request._x was not emitted as it is described"),
        (
            "Reply: {properties: {w: {$ref: wire}}}\nwire: {properties: {x: {}}}",
            "'Wire' is imported from",
        ),
        (
            "Reply: {properties: {a: {$ref: x-y}, b: {$ref: x_y}}}\n"
            "x-y: {properties: {a: {}}}\nx_y: {properties: {b: {}}}",
            "two different things would be called 'XY': name one of them in source.toml",
        ),
        (
            "Reply: {properties: {item: {properties: {a: {}}}}}\nEvent: {properties: {x: "
            "{$ref: ReplyItem}}}\nReplyItem: {properties: {b: {}}}",
            "two different things would be called 'ReplyItem'",
        ),
    ],
)
def test_a_description_that_does_not_fit(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], schemas: str, complaint: str
) -> None:
    workshop.describe(schemas)
    assert complaint in refused(workshop, capsys)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('title = "Acme"', "title = 3", "title: input should be a valid string, not 3"),
        ('title = "Acme"', 'title = "Acme Inc."', "title: 'Acme Inc.' is not of the form ^[A-Z][A-Za-z0-9]*$"),
        ('title = "Acme"', "", "title is missing"),
        ('title = "Acme"', 'title = "Acme', "not TOML: "),
        ("[upstream]", 'prefixes = "Beta"\n[upstream]', "prefixes: input should be a valid list, not 'Beta'"),
        ("[upstream]", "prefix = ['Beta']\n[upstream]", "unknown key 'prefix' (did you mean 'prefixes'?)"),
        (
            "[upstream]",
            'format = "raml"\n[upstream]',
            "format: input should be 'openapi', 'google-discovery', 'aws-service-model' or 'json-schema', not",
        ),
        ("[upstream]", "base = 'other'\n[upstream]", "[upstream] is for a description of its own; base = 'other' says"),
        ("bytes = 0", 'bytes = "0"', "upstream.bytes: input should be a valid integer, not '0'"),
        ('licence = "MIT"', "", "upstream.licence is missing"),
        ("[cut]\n", "[cut]\nsize = 3\n", "cut: unknown key 'size'"),
        ("[operation]", "[operations]", "unknown key 'operations' (did you mean 'operation'?)"),
        ('request = "Request"', "", "operation.request is missing"),
        ('path = "/chat"', 'path = "/chat"\nmethod = "POST"', "operation.method: input should be 'get' or 'post', not"),
        (
            'error = "Problem"',
            'error = "Problem"\n[names]\nReply = "my reply"',
            "names.Reply: 'my reply' is not of the",
        ),
        (
            'error = "Problem"',
            'error = "Problem"\n[stubs]\nreply = "no"',
            "stubs.reply: input should be a valid boolean",
        ),
        (
            'error = "Problem"',
            'error = "Problem"\n[stub.tables]\nA = "B"',
            "unknown key 'stub' (did you mean 'stubs'?)",
        ),
    ],
)
def test_a_source_toml_that_is_none(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], old: str, new: str, complaint: str
) -> None:
    file = workshop.vendor / "source.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(old, new), encoding="utf-8")
    assert f"specs/acme/source.toml: {complaint}" in refused(workshop, capsys)


@pytest.mark.parametrize(
    ("rest", "complaint"),
    [
        ('[names]\nGone = "Here"', "specs/acme/source.toml: names: nothing is called 'Gone' any more"),
        ('[stubs.tables]\nStopReasons = "Gone"', "stubs.tables: the replies have no enum or union called Gone"),
        ('[stubs.tables]\nStopReasons = "ReplyWhy"', "stubs.tables: 'not-a-name' of ReplyWhy is no name for a key"),
        ('[stubs.fields]\nmodel = "ModelFields"', "stubs.fields: model is no object of the request"),
    ],
)
def test_a_source_toml_that_does_not_fit(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], rest: str, complaint: str
) -> None:
    workshop.configure(rest=rest)
    workshop.describe("Reply: {type: object, properties: {why: {enum: [a, not-a-name]}}}")
    assert complaint in refused(workshop, capsys)


@pytest.mark.parametrize("verdict", ["mapped", "passthrough"])
def test_a_field_that_cannot_be_a_name(workshop: Workshop, capsys: pytest.CaptureFixture[str], verdict: str) -> None:
    fields = ["model", "from"]
    workshop.decide(mapped=fields if verdict == "mapped" else [], passthrough=[] if verdict == "mapped" else fields)
    workshop.describe("Request: {type: object, properties: {model: {type: string}, from: {type: string}}}")
    assert "from cannot be a name in Python: ignore it" in refused(workshop, capsys)


def test_files_that_are_not_there(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    (workshop.vendor / "openapi.json").unlink()
    assert "run `python -m codegen refresh acme`" in refused(workshop, capsys)
    (workshop.vendor / "source.toml").unlink()
    assert "holds no vendor's description" in refused(workshop, capsys)


@pytest.mark.parametrize("vendor", ["other", "../specs/acme", ""])
def test_a_vendor_that_is_not_there(workshop: Workshop, capsys: pytest.CaptureFixture[str], vendor: str) -> None:
    (workshop.specs / "zeta").mkdir()
    said = f"specs/{vendor}/source.toml: no such file; there is acme\n"
    assert refused(workshop, capsys, "generate", vendor) == f"codegen: {said}"
    assert refused(workshop, capsys, "refresh", vendor) == f"codegen: {said}"


def test_a_text_that_is_none(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("source.toml", "decisions.toml", "overlay.yaml", "openapi.json"):
        (workshop.vendor / name).write_bytes(b"\xff")
        assert f"specs/acme/{name}" in refused(workshop, capsys)
        (workshop.vendor / name).unlink()
        workshop.configure()
        workshop.describe("")


def test_an_interruption_is_no_success() -> None:
    """datamodel-code-generator would end the process with status 0."""
    import_module("codegen.models")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
