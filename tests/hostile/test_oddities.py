"""The 108 things that vendors really send, each by its number in research/wire-oddities.md: which test shows that we
survive it. Recorded ones are replayed by tests/recordings through both clients; the others were made by hand."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import pytest

from tests.recordings.corpus import needs_corpus, records

ROOT: Final = Path(__file__).parents[2]

# number -> the file of a record that shows it, and the record
# fmt: off
RECORDED: Final[dict[int, str]] = {
    1: "azure 800030cfbae5781f", 2: "openai ed3e59e03da01958", 3: "openai 1aec23bb8f649766",
    4: "mistral 38c7468c4e2b2d40", 5: "databricks 17303a904a63319f", 6: "groq a62782ecb7398542",
    7: "openai 1943446ac4bc0776", 8: "openrouter d89f4b90c2ec3811", 9: "openrouter c669b1b5dc0a1c0b",
    10: "cerebras 77a74bf53971f192", 11: "openrouter d89f4b90c2ec3811", 12: "gemini 618bafe8824b94fc",
    13: "doubleword eb964b7f4e77256b", 14: "anthropic f65286cd5a7e55ad", 15: "groq 7aa12961c020c39d",
    16: "openrouter 3acaa3820038a2ba", 17: "openrouter cab6085e9d01ce0a", 18: "azure 800030cfbae5781f",
    19: "azure 800030cfbae5781f", 20: "zai 66637613e8646c1c", 22: "mistral f43df0f32edaa131",
    23: "mistral 38c7468c4e2b2d40", 24: "openrouter 043caa47e46f4c2e", 25: "openrouter 0fd3cc461b7a263e",
    26: "writer 524b8dec96e03ea4", 29: "openai 4530631801c70624", 30: "mistral f8cecb32f217f0eb",
    31: "openai c07376a35a768409", 32: "openai 4530631801c70624", 33: "openai 15b24003a0a9b9fc",
    34: "azure 4a154469ec105606", 35: "together c262db565639dd7c", 36: "snowflake 500962573ee1f5d4",
    37: "deepseek a8758b030c964470", 38: "mistral 39c9198920298d04", 39: "openai 7e77b4d1d58d43a9",
    40: "openai 7e77b4d1d58d43a9", 41: "mistral 72eb7ffffc9dda4b", 42: "groq 9db635391861f872",
    43: "openrouter 4edc7f6cf2218d3b", 44: "openrouter 4edc7f6cf2218d3b", 45: "venice 5459ebd109281d10",
    46: "azure f13ca05847034c42", 47: "cloudflare 3bdbaca9debae672", 48: "perplexity a8f0bdd6f1193d92",
    50: "azure b754b0bcaa823401", 51: "openai 97f7b195eb4aa577", 52: "deepseek d8b67624d080877e",
    53: "openrouter d6c3292af7c4dcd7", 54: "xai 12a69af9a6440faf", 55: "together c382bd38650128bc",
    56: "openai ed3e59e03da01958", 57: "groq 88c2911890d6a3c7", 59: "anthropic ae7e302177a2f25b",
    60: "anthropic d6deed4c83bcf056", 61: "anthropic ae7e302177a2f25b", 62: "anthropic ae7e302177a2f25b",
    63: "anthropic 935d18280fe05bfe", 64: "anthropic 9796d4395d5d228e", 65: "anthropic b3c4445f3fc4038f",
    66: "anthropic fbe135de6cf86f31", 67: "anthropic a4f1c5e68b3c8563", 68: "anthropic 6b5be5f159be1600",
    69: "anthropic 6b6ae2e61431e5d1", 70: "anthropic 1a045f28fa9acd32", 71: "anthropic e62893ebcff9627e",
    72: "gemini 939713229cbd119b", 73: "gemini 2aff385f9a8cc048", 74: "gemini 939713229cbd119b",
    75: "gemini c5bf27f73f3b537d", 76: "gemini adb731e30ae8e043", 77: "gemini adb731e30ae8e043",
    78: "gemini bf750344ebf9d61d", 79: "gemini 1f3a903ee69f013d", 80: "vertex c01d79dc865b3e71",
    81: "vertex 7f9768051c781c6f", 82: "gemini 1f3a903ee69f013d", 84: "gemini 09430a32056bd1d5",
    85: "gemini 3faa55e5985da761", 86: "gemini 666c94f09174ba67", 87: "gemini eba9058715be3fe2",
    88: "gemini 8ad0f92156998a61", 89: "bedrock 0ba7fed7c0b4c485", 90: "bedrock 0ba7fed7c0b4c485",
    91: "bedrock 92afa662fa4e9db9", 92: "bedrock f22ed56c324bb8cf",
    94: "bedrock e1a54c57ce60efdb", 95: "bedrock c5518f7ba2fb53d1", 96: "bedrock 70af3831e65ae655",
    97: "cohere 66e458f9e89be38e", 99: "ollama cce66d5e5a842d20", 100: "ollama 9936e849cdcb1d40",
    101: "xai 5fb38f79e8400d0e", 102: "bedrock 70af3831e65ae655", 103: "mistral 5e2927ced9e5c4c5",
    104: "gemini eb0a76640189d43d", 105: "together 59674081d840eaac", 106: "llamacpp 424c8725eee5a126",
    107: "anthropic e974ed098be76c96", 108: "anthropic d4bed921b6354891",
}
# fmt: on

# number -> the test that has it
BY_HAND: Final[dict[int, str]] = {
    21: "tests/mapping/test_openai_replies.py::test_odd_times_are_read",
    27: "tests/mapping/test_openai_stream_calls.py::test_tool_calls",
    28: "tests/mapping/test_openai_replies.py::test_tool_call",
    49: "tests/mapping/test_openai_streams.py::test_the_same_answer_in_another_form",
    58: "tests/mapping/test_round_trips.py::test_a_gemini_signature_through_a_gateway_goes_back",
    83: "tests/mapping/test_gemini_replies.py::test_finish_reason",
    98: "tests/mapping/test_cohere_streams.py::test_an_end_by_error_that_says_nothing_more",
}

# number -> why no call of ours can meet it
NOT_OURS: Final[dict[int, str]] = {93: "a field of InvokeModel's stream: polyvox asks Bedrock's Converse only"}

# What the same page names as real but never recorded.
NEVER_RECORDED: Final[dict[str, str]] = {
    "413 and 529": "tests/hostile/test_replies.py::test_status",
    "overloaded inside a stream, which then closes": "tests/hostile/test_streams.py::test_an_error_after_some_text",
    "HTML, text, empty and array as an error's body": "tests/hostile/test_replies.py::test_an_errors_body",
    "429 for a quota, and for a rate": "tests/exchange/test_retries.py::test_a_code_that_says_more_than_its_status",
    "Retry-After in seconds, as a date, in milliseconds": "tests/hostile/test_replies.py::test_how_long_to_wait",
    "AWS exceptions": "tests/mapping/test_bedrock_streams.py::test_an_exception_inside_a_stream_has_its_class",
    "streams cut in the middle": "tests/hostile/test_streams.py::test_cut_behind_every_event",
    "UTF-8 and CRLF split between reads": "tests/hostile/test_streams.py::test_the_same_stream_written_otherwise",
    "providers without any recording": "tests/runtime/test_every_provider.py",
}


def test_every_number_has_a_test() -> None:
    assert sorted([*RECORDED, *BY_HAND, *NOT_OURS]) == list(range(1, 109))


@needs_corpus
def test_the_records_are_among_those_that_are_replayed() -> None:
    replayed = {
        file: {one.id.partition(".")[0] for one in records(file)}
        for file in {where.split()[0] for where in RECORDED.values()}
    }
    missing = {
        number: where for number, where in RECORDED.items() if where.split()[1] not in replayed[where.split()[0]]
    }
    assert missing == {}


@pytest.mark.parametrize("where", [*BY_HAND.values(), *NEVER_RECORDED.values()])
def test_the_test_exists(where: str) -> None:
    path, _, name = where.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    assert name in names if name else any(found.startswith("test_") for found in names)
