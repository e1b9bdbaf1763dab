"""Overlays: update, remove and copy, as the OpenAPI Overlay specification has them."""

from tests.codegen.workshop import Workshop


def test_objects_are_merged_arrays_appended_and_values_replaced(workshop: Workshop) -> None:
    workshop.overlay("""
    - target: $.components.schemas
      description: an event that is not described
      update: {Ping: {type: object, properties: {type: {const: ping}}, required: [type]}}
    - target: $.components.schemas.Event.oneOf
      description: it belongs to the stream
      update: {$ref: "#/components/schemas/Ping"}
    - target: $.components.schemas.Reply.properties.id.type
      description: it is a number
      update: integer
    """)
    reader = workshop.reply("""
        Start: {type: object, properties: {type: {const: start}}, required: [type]}
        Stop: {type: object, properties: {type: {const: stop}}, required: [type]}
        Event: {oneOf: [{$ref: Start}, {$ref: Stop}]}
    """)
    assert type(reader.read({"type": "ping"}, "Event")).__name__ == "Ping"
    assert reader.read({"id": 7}).id == 7


def test_removing_takes_every_match(workshop: Workshop) -> None:
    workshop.overlay("""
    - target: $.components.schemas.Reply.properties.why.enum[?@ == 'b' || @ == 'c']
      description: they are never sent
      remove: true
    - {target: $.components.schemas.*.properties.old, description: gone since May, remove: true}
    """)
    workshop.generate("Reply: {type: object, properties: {why: {enum: [a, b, c, d]}, old: {type: string}}}")
    text = workshop.text("responses.py")
    assert 'Literal["a", "d"]' in text
    assert "old" not in text


def test_copy_takes_what_stands_elsewhere(workshop: Workshop) -> None:
    workshop.overlay("""
    - {target: $.components.schemas.Event.properties, description: sent too, update: {usage: {}}}
    - target: $.components.schemas.Event.properties.usage
      description: the same as in a reply
      copy: $.components.schemas.Reply.properties.usage
    """)
    workshop.generate("Reply: {type: object, properties: {usage: {type: object, properties: {n: {type: integer}}}}}")
    assert "class EventUsage(Wire):\n    n: int | None = None" in workshop.text("responses.py")
