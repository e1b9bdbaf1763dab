"""Each rule of `normalise`, in a description of a few lines that is generated, imported and executed."""

import typing

import pytest
from pydantic import BaseModel, ValidationError

from tests.codegen.workshop import Workshop


def test_all_of_becomes_one_flat_object(workshop: Workshop) -> None:
    reader = workshop.reply("""
        Base: {type: object, properties: {id: {type: string}, n: {type: [integer, "null"]}}, required: [id]}
        Reply: {allOf: [{$ref: Base}, {properties: {n: {type: integer}}, required: [n]}]}
    """)
    assert "Base" not in workshop.text("responses.py")
    assert reader.read({"id": "a", "n": 2}).n == 2
    with pytest.raises(ValidationError):
        reader.read({"id": "a", "n": None})


def test_null_belongs_to_the_field(workshop: Workshop) -> None:
    reader = workshop.reply("""
        Tier: {anyOf: [{type: string, enum: [a, b]}, {type: "null"}]}
        Old: {type: object, nullable: true, properties: {x: {type: string}}}
        Reply:
          type: object
          properties: {tier: {$ref: Tier}, old: {$ref: Old}}
          required: [tier, old]
    """)
    text = workshop.text("responses.py")
    assert 'Tier: TypeAlias = Literal["a", "b"] | Unrecognised' in text
    assert "tier: Tier | None = None" in text
    assert "old: Old | None = None" in text
    assert reader.read({"tier": None, "old": None}).tier is None
    assert reader.read({}).old is None


def test_a_list_of_model_ids_is_a_string(workshop: Workshop) -> None:
    workshop.generate("""
        Request:
          type: object
          properties: {model: {anyOf: [{type: string}, {type: string, enum: [m-1]}, {const: m-2}]}}
          required: [model]
    """)
    assert "model: str\n" in workshop.text("requests.py")


def test_inline_objects_are_named_after_their_place(workshop: Workshop) -> None:
    workshop.generate("""
        Reply:
          type: object
          properties:
            choices: {type: array, items: {type: object, properties: {why: {type: string, enum: [a, b]}}}}
            limits: {type: object, additionalProperties: {type: object, properties: {n: {type: integer}}}}
    """)
    text = workshop.text("responses.py")
    assert "choices: list[ReplyChoicesItem] | None" in text
    assert "why: ReplyChoicesItemWhy | None" in text
    assert "limits: dict[str, ReplyLimitsValue] | None" in text


def test_the_names_table_renames_and_shortens_what_is_inside(workshop: Workshop) -> None:
    workshop.configure(
        rest="""
        [names]
        ReplyChoicesItem = "Choice"
        ChoiceWhy = "Reason"
        EventChoicesItemWhy = "Reason"
    """
    )
    workshop.generate("""
        Reply:
          type: object
          properties: {choices: {type: array, items: {type: object, properties: {why: {enum: [a, b]}}}}}
        Event:
          type: object
          properties: {choices: {type: array, items: {type: object, properties: {why: {enum: [a, b]}, x: {}}}}}
    """)
    text = workshop.text("responses.py")
    assert "class Choice(Wire):\n    why: Reason | None = None" in text
    assert "class EventChoicesItem(Wire):\n    why: Reason | None = None" in text


TAGGED = """
    Text: {properties: {type: {const: text}, text: {type: string}, n: {type: integer}}, required: [type, text, n]}
    Image: {type: object, properties: {type: {const: image}, at: {$ref: At}}, required: [type, at]}
    At: {type: object, properties: {url: {type: string}}}
    Reply:
      type: object
      properties:
        content:
          type: array
          items: {oneOf: [{$ref: Text}, {$ref: Image}]}
      required: [content]
"""


def test_a_tagged_union_is_open_for_new_tags_only(workshop: Workshop) -> None:
    reader = workshop.reply(TAGGED)
    blocks = reader.read({"content": [{"type": "text", "text": "a", "n": 1}, {"type": "video", "x": 1}, {}]}).content
    assert [type(block).__name__ for block in blocks] == ["Text", "UnknownVariant", "UnknownVariant"]
    assert blocks[1].model_extra == {"type": "video", "x": 1}


@pytest.mark.parametrize("broken", [{"type": "image"}, {"type": "text", "n": "many"}])
def test_a_known_variant_that_is_broken_is_an_error(workshop: Workshop, broken: dict[str, str]) -> None:
    reader = workshop.reply(TAGGED)
    with pytest.raises(ValidationError):
        reader.read({"content": [broken]})


def test_a_tag_need_not_be_declared_and_declared_ones_may_be_inline(workshop: Workshop) -> None:
    reader = workshop.reply("""
        Event:
          discriminator: {propertyName: kind}
          oneOf:
            - {type: object, properties: {kind: {const: start}, type: {type: string}}, required: [kind]}
            - {type: object, properties: {kind: {const: stop}, type: {type: string}}, required: [kind]}
    """)
    assert type(reader.read({"kind": "stop"}, "Event")).__name__ == "EventStop"
    assert type(reader.read({"kind": "pause"}, "Event")).__name__ == "UnknownVariant"


def test_a_tag_is_needed_even_where_it_is_described_as_optional(workshop: Workshop) -> None:
    reader = workshop.reply("""
        Start: {type: object, properties: {type: {const: start, default: start}, n: {type: integer}}}
        Stop: {type: object, properties: {type: {const: stop, default: stop}}}
        Event: {oneOf: [{$ref: Start}, {$ref: Stop}]}
    """)
    assert type(reader.read({"type": "stop"}, "Event")).__name__ == "Stop"
    assert type(reader.read({}, "Event")).__name__ == "UnknownVariant"
    with pytest.raises(ValidationError):
        reader.read({"type": "start", "n": "x"}, "Event")


def test_unions_inside_unions_are_written_out(workshop: Workshop) -> None:
    reader = workshop.reply("""
        A: {type: object, properties: {type: {const: a}}, required: [type]}
        B: {type: object, properties: {type: {const: b}}, required: [type]}
        C: {type: object, properties: {type: {const: c}}, required: [type]}
        AB: {oneOf: [{$ref: A}, {$ref: B}]}
        Event: {anyOf: [{$ref: AB}, {$ref: C}]}
    """)
    names = [type(reader.read({"type": tag}, "Event")).__name__ for tag in "abcd"]
    assert names == ["A", "B", "C", "UnknownVariant"]


def test_a_choice_beside_properties_is_shared_out_to_its_arms(workshop: Workshop) -> None:
    reader = workshop.reply("""
        Event:
          type: object
          properties: {seq: {type: integer}}
          required: [seq]
          oneOf:
            - {properties: {type: {const: a}}, required: [type]}
            - {properties: {type: {const: b}}, required: [type]}
        Reply: {properties: {a: {type: string}, b: {type: string}}, anyOf: [{required: [a]}, {required: [b]}]}
    """)
    assert reader.read({"type": "b", "seq": 4}, "Event").seq == 4
    assert reader.read({"b": "x"}).b == "x"


KEYED = """
    Part: {type: object, properties: {text: {type: string}, call: {$ref: Call}, thought: {type: boolean}}}
    Call: {type: object, properties: {name: {type: string}}}
    Request:
      type: object
      properties: {model: {type: string}, part: {$ref: Part}}
      required: [model]
    Reply: {type: object, properties: {parts: {type: array, items: {$ref: Part}}}}
"""
MARK = """
    - target: $.components.schemas.Part
      description: one of its keys
      update: {x-keyed-union: {beside: [thought]}}
"""


def test_a_bag_of_keys_is_a_union_in_replies_and_stays_a_bag_in_requests(workshop: Workshop) -> None:
    workshop.overlay(MARK)
    workshop.decide(mapped=["model", "part"])
    reader = workshop.reply(KEYED)
    given = [{"text": "a", "thought": True}, {"call": {"name": "f"}}, {"video": 1}, {}]
    parts = reader.read({"parts": given}).parts
    assert [type(part).__name__ for part in parts] == ["TextPart", "CallPart", "UnknownVariant", "UnknownVariant"]
    assert parts[0].thought is True
    assert "text: NotRequired[str]\n    call: NotRequired[Call]" in workshop.text("requests.py")


def test_the_mark_of_a_bag_may_order_and_name_its_arms(workshop: Workshop) -> None:
    workshop.overlay(MARK.replace("[thought]", "[thought], first: [call], names: {text: Words}"))
    workshop.decide(mapped=["model", "part"])
    workshop.generate(KEYED)
    assert "Part: TypeAlias = Annotated[CallPart | Words | UnknownVariant, KeyedUnion()]" in workshop.text(
        "responses.py"
    )


@pytest.mark.parametrize("part", ["beside: [gone]", "first: [gone]", "names: {gone: Gone}"])
def test_the_mark_of_a_bag_must_fit(workshop: Workshop, capsys: pytest.CaptureFixture[str], part: str) -> None:
    workshop.overlay(MARK.replace("beside: [thought]", part))
    workshop.decide(mapped=["model", "part"])
    workshop.describe(KEYED)
    assert workshop.run("generate") == 1
    assert "Part.gone is named in x-keyed-union." in capsys.readouterr().err


def test_a_known_key_with_a_broken_value_is_an_error(workshop: Workshop) -> None:
    workshop.overlay(MARK)
    workshop.decide(mapped=["model", "part"])
    reader = workshop.reply(KEYED)
    with pytest.raises(ValidationError):
        reader.read({"parts": [{"call": "f"}]})


def test_open_objects_are_dicts_and_those_with_keys_of_their_own_are_their_class_too(workshop: Workshop) -> None:
    workshop.decide(mapped=["model", "schema", "extra", "steps"])
    workshop.generate("""
        Free: {type: object, additionalProperties: true}
        Loose: {type: object, properties: {type: {const: object}}, additionalProperties: true}
        Request:
          type: object
          properties:
            model: {type: string}
            schema: {$ref: Loose}
            extra: {$ref: Free}
            steps: {type: array, items: {type: object, properties: {n: {type: integer}}, additionalProperties: true}}
          required: [model]
    """)
    text = workshop.text("requests.py")
    assert "schema: NotRequired[Loose | dict[str, object]]" in text
    assert "steps: NotRequired[list[RequestStepsItem | dict[str, object]]]" in text
    assert "extra: NotRequired[dict[str, object]]" in text
    assert "Any" not in text


def test_enums_and_constants_of_replies_are_open(workshop: Workshop) -> None:
    reader = workshop.reply("""
        Reply:
          type: object
          properties: {why: {type: string, enum: [stop, length]}, object: {const: reply}, n: {enum: [1, 2]}}
          required: [why, object]
    """)
    reply = reader.read({"why": "sunspots", "object": "", "n": 3})
    assert (reply.why, reply.object, reply.n) == ("sunspots", "", 3)
    assert type(reply.why).__name__ == "Unrecognised"
    assert type(reader.read({"why": "stop"}).why) is str
    assert reader.read({"why": 1}).why == "1"
    with pytest.raises(ValidationError):
        reader.read({"object": "reply"})


def test_names_in_a_reply_are_those_of_its_module(workshop: Workshop) -> None:
    """Pydantic looks for a name that comes later when the type is first used, and then where it is used."""
    types = workshop.reply("""
        Why: {type: string, enum: [stop, length]}
        Reply: {type: object, properties: {why: {$ref: Why}, parts: {type: array, items: {$ref: Zone}}}}
        Zone: {type: object, properties: {why: {$ref: Why}, at: {type: integer}}}
    """).types

    class Why(BaseModel):
        mine: int

    class Zone(BaseModel):
        mine: int

    class Holder(BaseModel):
        reply: types.Reply  # type: ignore[name-defined]  # made a moment ago

    wire = {"why": "stop", "parts": [{"why": "length", "at": 1}]}
    assert Holder.model_validate({"reply": wire}).model_dump() == {"reply": wire}
    assert types.Reply(**wire).model_dump() == wire
    print(Why, Zone)


def test_a_reply_may_be_made_of_itself(workshop: Workshop) -> None:
    reader = workshop.reply("""
        Branch: {oneOf: [{$ref: Leaf}, {$ref: Tree}], discriminator: {propertyName: type}}
        Branches: {type: array, items: {$ref: Branch}}
        Leaf: {type: object, properties: {type: {const: leaf}, owner: {$ref: Reply}}, required: [type]}
        Tree: {type: object, properties: {type: {const: tree}, in: {$ref: Branches}}, required: [type]}
        Reply: {type: object, properties: {tree: {$ref: Tree}}}
    """)
    wire = {"tree": {"type": "tree", "in": [{"type": "leaf", "owner": {"tree": None}}, {"type": "tree", "in": None}]}}
    assert reader.read(wire).model_dump() == wire
    assert "\nTree.model_rebuild()\n" in workshop.text("responses.py")


def test_words_and_numbers_in_one_enum_of_a_reply_stay_what_they_are(workshop: Workshop) -> None:
    reader = workshop.reply("Reply: {type: object, properties: {level: {enum: [low, 1, null]}}}")
    assert [reader.read({"level": level}).level for level in ("low", 1, None)] == ["low", 1, None]


def test_enums_of_requests_stay_closed(workshop: Workshop) -> None:
    workshop.decide(mapped=["model", "tier"])
    workshop.generate("""
        Request: {type: object, properties: {model: {type: string}, tier: {enum: [a, b]}}, required: [model]}
    """)
    assert 'RequestTier: TypeAlias = Literal["a", "b"]\n' in workshop.text("requests.py")


def test_an_absent_scalar_is_the_zero_of_its_type(workshop: Workshop) -> None:
    reader = workshop.reply("""
        Inner: {type: object, properties: {x: {type: string}}}
        Words: {type: array, items: {type: string}}
        Reply:
          type: object
          properties:
            id: {type: string}
            n: {type: integer}
            f: {type: number}
            b: {type: boolean}
            l: {$ref: Words}
            o: {$ref: Inner}
          required: [id, n, f, b, l, o]
    """)
    reply = reader.read({"o": {}})
    assert (reply.id, reply.n, reply.f, reply.b, reply.l) == ("", 0, 0.0, False, [])
    assert reader.read({"o": {}}).l is not reply.l
    with pytest.raises(ValidationError):
        reader.read({})


def test_what_the_vendor_adds_is_kept(workshop: Workshop) -> None:
    reader = workshop.reply("Reply: {type: object, properties: {id: {type: string}}, additionalProperties: false}")
    assert reader.read({"id": "a", "new": [1]}).model_extra == {"new": [1]}


def test_names_that_python_keeps_for_itself(workshop: Workshop) -> None:
    workshop.decide(passthrough=["hop"], mapped=["model"])
    reader = workshop.reply("""
        Hop: {type: object, properties: {from: {type: string}, to: {$ref: Hop}}, required: [from]}
        Request: {type: object, properties: {model: {type: string}, hop: {$ref: Hop}}, required: [model]}
        Reply: {properties: {from: {type: string}, object: {type: string}, any: {type: object}, schema: {}}}
    """)
    reply = reader.read({"from": "a", "object": "o", "any": {"k": 1}, "schema": 1})
    assert (reply.from_, reply.object, reply.any, reply.schema_) == ("a", "o", {"k": 1}, 1)
    hop = workshop.module("requests").Hop
    assert hop.__annotations__.keys() == {"from", "to"}
    assert "builtins.object" in workshop.text("responses.py")


def test_prefixes_are_dropped_unless_names_would_meet(workshop: Workshop) -> None:
    workshop.configure(top='prefixes = ["Beta", "Wire"]')
    workshop.generate("""
        BetaTool: {type: object, properties: {x: {type: string}}}
        BetaWireBlock: {type: object, properties: {x: {type: string}}}
        BetaUsage: {type: object, properties: {x: {type: string}}}
        Usage: {type: object, properties: {y: {type: string}}}
        Reply:
          type: object
          properties:
            a: {$ref: BetaTool}
            b: {$ref: BetaWireBlock}
            c: {$ref: BetaUsage}
            d: {$ref: Usage}
    """)
    text = workshop.text("responses.py")
    assert [line.split("(")[0] for line in text.splitlines() if line.startswith("class ")] == [
        *("class BetaUsage", "class Block", "class Event", "class Problem", "class Tool", "class Usage", "class Reply")
    ]


def test_the_same_word_may_be_true_and_a_name_may_need_care(workshop: Workshop) -> None:
    workshop.generate("""
        "ns.tool-v2": {type: object, properties: {x: true}}
        Reply: {type: object, properties: {t: {$ref: ns.tool-v2}}}
    """)
    assert "class NsToolV2(Wire):\n    x: object | None = None" in workshop.text("responses.py")


def test_requests_are_typed_dicts_with_the_described_keys(workshop: Workshop) -> None:
    workshop.decide(mapped=["model", "n"])
    workshop.generate("""
        Request: {type: object, properties: {model: {type: string}, n: {type: integer}}, required: [model]}
    """)
    request = workshop.module("requests").Request
    assert typing.get_type_hints(request, include_extras=True)["model"] is str
    assert request(model="m", n=1) == {"model": "m", "n": 1}
