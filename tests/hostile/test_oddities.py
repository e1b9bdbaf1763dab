"""The 108 things that vendors really send, each by its number in research/wire-oddities.md: a test with a case of our
own shows that we survive it, in a line that bears the number, and a record of real traffic in which it really is.

Records are replayed by tests/recordings, through both clients: what comes of them is compared with what they say."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.recordings.corpus import Record, needs_corpus, records
from tests.recordings.expected import events

ROOT: Final = Path(__file__).parents[2]

# the test with a case by hand -> of which numbers
# fmt: off
BY_HAND: Final[dict[str, tuple[int, ...]]] = {
    "mapping/test_openai_streams.py::test_the_same_answer_in_another_form": (
        1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 13, 18, 46, 47, 48, 49,
    ),
    "mapping/test_openai_streams.py::test_a_stream_without_usage": (7,),
    "mapping/test_openai_streams.py::test_a_stream_that_names_no_reason_but_its_end": (9,),
    "mapping/test_anthropic_streams.py::test_the_same_answer_in_another_form": (14, 59, 60),
    "mapping/test_openai_stream_errors.py::test_an_error_after_some_text": (15, 16, 17),
    "mapping/test_openai_replies.py::test_what_is_empty_is_filled_in": (19,),
    "mapping/test_openai_replies.py::test_what_is_missing_is_filled_in": (20,),
    "mapping/test_openai_replies.py::test_odd_times_are_read": (21,),
    "mapping/test_openai_stream_calls.py::test_tool_calls": (22, 23, 24, 25, 26, 27, 29, 30, 45),
    "mapping/test_openai_replies.py::test_tool_call": (28,),
    "mapping/test_openai_replies.py::test_custom_tool_call": (31,),
    "mapping/test_openai_replies.py::test_a_stop_with_tool_calls_stays_a_stop": (32,),
    "mapping/test_openai_stream_calls.py::test_a_stop_with_tool_calls_stays_a_stop": (33,),
    "mapping/test_openai_replies.py::test_finish_reason": (34, 35, 36),
    "mapping/test_openai_replies.py::test_message": (37, 38, 39, 40, 43),
    "mapping/test_openai_replies.py::test_content_in_parts_is_joined_and_kept": (41,),
    "mapping/test_think_tags.py::test_a_reply": (42,),
    "mapping/test_round_trips.py::test_a_gateway_gets_its_reasoning_back": (44,),
    "mapping/test_openai_replies.py::test_a_filtered_choice_has_an_empty_message": (50,),
    "mapping/test_openai_streams.py::test_several_choices": (51,),
    "mapping/test_openai_replies.py::test_odd_log_probabilities_are_kept_and_lose_no_answer": (52,),
    "mapping/test_openai_replies.py::test_usage": (53, 54),
    "mapping/test_openai_replies.py::test_fields_that_nobody_described_are_kept": (55, 57),
    "mapping/test_openai_streams.py::test_padding_is_no_part_of_the_answer": (56,),
    "mapping/test_round_trips.py::test_a_gemini_signature_through_a_gateway_goes_back": (58,),
    "mapping/test_anthropic_streams.py::test_the_last_count_replaces_the_first": (61,),
    "mapping/test_anthropic_streams.py::test_a_stream_adds_up_to_the_whole_answer": (62, 63, 64, 65, 66, 69, 70),
    "mapping/test_anthropic_replies.py::test_stop_reason": (67, 68),
    "mapping/test_anthropic_replies.py::test_tool_use": (71,),
    "mapping/test_gemini_replies.py::test_function_call": (72, 74, 76),
    "mapping/test_gemini_replies.py::test_a_part_beside_the_text": (73, 87, 88),
    "mapping/test_gemini_replies.py::test_ids_of_calls_are_kept_or_made": (75,),
    "mapping/test_gemini_streams.py::test_arguments_in_pieces": (77,),
    "mapping/test_gemini_replies.py::test_a_candidate_without_parts": (78, 79),
    "mapping/test_gemini_replies.py::test_a_blocked_prompt": (80,),
    "mapping/test_gemini_replies.py::test_finish_reason": (81, 82, 83, 84),
    "mapping/test_gemini_streams.py::test_the_same_answer_in_another_form": (85,),
    "mapping/test_gemini_replies.py::test_usage": (86,),
    "mapping/test_bedrock_streams.py::test_text_comes_without_an_announcement": (89,),
    "mapping/test_bedrock_streams.py::test_padding_is_no_part_of_the_answer": (90,),
    "mapping/test_bedrock_streams.py::test_thoughts": (91,),
    "mapping/test_bedrock_streams.py::test_calls_without_input_have_empty_objects": (92,),
    "mapping/test_bedrock_streams.py::test_an_exception_inside_a_stream_has_its_class": (94,),
    "mapping/test_bedrock_streams.py::test_what_guardrails_say_is_kept": (95,),
    "mapping/test_bedrock_replies.py::test_an_error_is_told_by_a_header": (96,),
    "mapping/test_cohere_replies.py::test_message": (97,),
    "mapping/test_cohere_streams.py::test_an_end_by_error_that_says_nothing_more": (98,),
    "mapping/test_ollama_streams.py::test_a_stream_adds_up_to_the_whole_reply": (99, 100),
    "runtime/test_failures.py::test_a_reply_and_the_error_that_it_is": (101, 102, 103, 104, 105, 106),
    "runtime/test_results.py::test_facts_of_a_call": (107, 108),
}

# number -> the file of a record that shows it, and its id; and by what: in its documents, compact, keys sorted
IN_DOCUMENTS: Final[dict[int, tuple[str, str]]] = {
    1: ("azure 800030cfbae5781f", r'^\{"choices":\[\],"created":0,"id":"","model":"","object":"","prompt_filter'),
    2: ("openai ed3e59e03da01958", r'^\{"choices":\[\],.*"usage":\{.*\Z'),
    3: ("openai 1aec23bb8f649766", r'"usage":\{.*\n\{"choices":\[\],(?!.*"usage":\{).*\Z'),
    4: ("mistral 38c7468c4e2b2d40", r'^.*"finish_reason":"\w+".*"usage":\{.*\Z'),
    5: ("perplexity a8f0bdd6f1193d92", r'(?s)"completion_tokens":(\d+),.*"completion_tokens":(?!\1,)\d+,'),
    6: ("groq a62782ecb7398542", r'"usage":\{.*"x_groq":\{.*"usage":\{'),
    7: ("openai 1943446ac4bc0776", r'\A(?s:(?!"usage":\{).)*\Z'),
    8: ("openrouter d89f4b90c2ec3811", r'(?s)"finish_reason":"\w+".*"finish_reason":"\w+".*"usage":\{'),
    9: ("openrouter c669b1b5dc0a1c0b", r'\A(?s:(?!"finish_reason":"\w+").)*\Z'),
    16: ("openrouter 3acaa3820038a2ba", r'"error":\{'),
    17: ("openrouter cab6085e9d01ce0a", r'"error":\{.*"finish_reason":"tool_calls".*"tool_calls":'),
    18: ("azure 800030cfbae5781f", r'(?s)"id":"".*"id":"[^"]+"'),
    19: ("azure 800030cfbae5781f", r'"id":""'),
    20: ("zai 66637613e8646c1c", r'\A(?s:(?!"object":).)*\Z'),
    22: ("mistral f43df0f32edaa131", r'"tool_calls":\[\{(?![^\]]*"index")'),
    23: ("mistral 38c7468c4e2b2d40", r'"tool_calls":\[\{"function":\{"arguments":"\{.+\}","name":"\w+"\},"id":"\w+"'),
    24: ("openrouter 043caa47e46f4c2e", r'"tool_calls":\[\{[^]]*"id":null'),
    25: ("openrouter 0fd3cc461b7a263e", r'"tool_calls":\[\{"function":\{[^}]*\},"id":"",'),
    26: ("writer 524b8dec96e03ea4", r'"arguments":null'),
    29: ("openai 4530631801c70624", r'"finish_reason":"length".*"arguments":"'),
    30: ("mistral f8cecb32f217f0eb", r'"tool_calls":\[\{(?!.*"type":"function")'),
    31: ("openai c07376a35a768409", r'"custom":\{.*"type":"custom"'),
    32: ("azure ced868118aa78b42", r'"finish_reason":"stop".*"tool_calls":\[\{'),
    33: ("openai 15b24003a0a9b9fc", r'(?s)"tool_calls":\[\{.*"finish_reason":"stop"'),
    34: ("azure 4a154469ec105606", r'"finish_reason":"tool_call"'),
    35: ("together c262db565639dd7c", r'"finish_reason":"eos"'),
    36: ("snowflake 500962573ee1f5d4", r'"finish_reason":""'),
    37: ("deepseek a8758b030c964470", r'"content":"[^"].*"tool_calls":\[\{'),
    38: ("mistral 39c9198920298d04", r'"content":"",.*"tool_calls":\[\{'),
    39: ("openai 7e77b4d1d58d43a9", r'"content":null,(?!.*"tool_calls":\[\{)'),
    40: ("openai 7e77b4d1d58d43a9", r'"finish_reason":"stop".*"content":null.*"refusal":"\w'),
    41: ("mistral 72eb7ffffc9dda4b", r'"content":\[\{.*"type":"thinking"'),
    42: ("groq 9db635391861f872", r'"content":"\\?n?<think>'),
    43: ("openrouter 4edc7f6cf2218d3b", r'"reasoning":"[^"]+","reasoning_details":\[\{'),
    44: ("openrouter 4edc7f6cf2218d3b", r'"type":"reasoning.encrypted"'),
    45: ("venice 5459ebd109281d10", r'"tool_calls":\[\]'),
    46: ("azure f13ca05847034c42", r'"role":(""|null)'),
    47: ("cloudflare 3bdbaca9debae672", r'\A.*"delta":\{(?!.*"role")'),
    48: ("perplexity a8f0bdd6f1193d92", r'"delta":\{.*"message":\{'),
    50: ("azure b754b0bcaa823401", r'\A(?!.*"message":).*"finish_reason":"content_filter"'),
    51: ("openai 97f7b195eb4aa577", r'(?s)"index":0.*"index":1.*"index":0'),
    52: ("deepseek d8b67624d080877e", r'"logprobs":\{.*"reasoning_content":\['),
    53: ("openrouter d6c3292af7c4dcd7", r'"usage":\{[^}]*null'),
    54: ("xai 12a69af9a6440faf", r'"completion_tokens":77,.*"prompt_tokens":496,.*"total_tokens":829\}'),
    55: ("together c382bd38650128bc", r'"seed":\d{17,}'),
    56: ("openai ed3e59e03da01958", r'"obfuscation":"'),
    57: ("groq 88c2911890d6a3c7", r'"executed_tools":\['),
    59: ("anthropic ae7e302177a2f25b", r'"type":"ping"'),
    61: ("anthropic ae7e302177a2f25b", r'"type":"message_delta","usage":\{[^}]*"input_tokens"'),
    62: ("anthropic ae7e302177a2f25b", r'"partial_json":""'),
    63: ("anthropic 935d18280fe05bfe", r'"content_block":\{[^\n]*"input":\{"[^\n]*"type":"content_block_start"'),
    64: ("anthropic 9796d4395d5d228e", r'"content":\[\]'),
    65: ("anthropic b3c4445f3fc4038f", r'"signature":"[^"]+","thinking":""'),
    66: ("anthropic fbe135de6cf86f31", r'"type":"redacted_thinking"'),
    67: ("anthropic a4f1c5e68b3c8563", r'"stop_reason":"refusal"'),
    68: ("anthropic 6b5be5f159be1600", r'"stop_reason":"pause_turn"'),
    69: ("anthropic 6b6ae2e61431e5d1", r'"type":"compaction"'),
    70: ("anthropic 1a045f28fa9acd32", r'"type":"citations_delta"'),
    71: ("anthropic e62893ebcff9627e", r'"caller":'),
    72: ("gemini 939713229cbd119b", r'"functionCall":\{.*"thoughtSignature":"'),
    73: ("gemini 2aff385f9a8cc048", r'"text":"","thoughtSignature":"'),
    74: ("gemini 939713229cbd119b", r'"functionCall":\{.*"finishReason":"STOP"'),
    75: ("gemini c5bf27f73f3b537d", r'"functionCall":\{.*"id":"'),
    76: ("gemini adb731e30ae8e043", r'"functionCall":\{(?!"args")'),
    77: ("gemini adb731e30ae8e043", r'"partialArgs":\[.*"willContinue":true'),
    78: ("gemini bf750344ebf9d61d", r'"content":\{("role":"model")?\}'),
    79: ("gemini 1f3a903ee69f013d", r'"candidates":\[\{(?!.*"content").*"finishReason"'),
    80: ("vertex c01d79dc865b3e71", r'\A(?!.*"candidates":\[\{).*"promptFeedback":\{"blockReason"'),
    81: ("vertex 7f9768051c781c6f", r'"finishReason":"UNEXPECTED_TOOL_CALL"'),
    82: ("gemini 1f3a903ee69f013d", r'"finishReason":"MALFORMED_FUNCTION_CALL"'),
    84: ("gemini 09430a32056bd1d5", r'"finishReason":\d'),
    86: ("gemini 666c94f09174ba67", r'"usageMetadata":\{(?!.*"candidatesTokenCount")'),
    87: ("gemini eba9058715be3fe2", r'"toolCall":\{'),
    88: ("gemini 8ad0f92156998a61", r'"codeExecutionResult":\{'),
    89: ("bedrock 0ba7fed7c0b4c485", r'\A(?s:(?!"contentBlockStart").)*\Z'),
    90: ("bedrock 0ba7fed7c0b4c485", r'"p":"'),
    91: ("bedrock 92afa662fa4e9db9", r'"redactedContent":"'),
    92: ("bedrock f22ed56c324bb8cf", r'"toolUse":\{"input":""\}'),
    94: ("bedrock e1a54c57ce60efdb", r'^\{"\w+Exception":'),
    95: ("bedrock c5518f7ba2fb53d1", r'"stopReason":"guardrail_intervened"'),
    97: ("cohere 66e458f9e89be38e", r'"tool_plan":"[^"]+"'),
    100: ("ollama 9936e849cdcb1d40", r'"thinking":"[^"]+"'),
    101: ("xai 5fb38f79e8400d0e", r'"error":"[^"]+"'),
    102: ("bedrock 70af3831e65ae655", r'\A(?!.*"error":)\{'),
    103: ("mistral 5e2927ced9e5c4c5", r'\A\{"detail":'),
    104: ("gemini eb0a76640189d43d", r'"code":\d+'),
}

# The same, by its bytes: status, headers, an empty line, the body.
IN_BYTES: Final[dict[int, tuple[str, str]]] = {
    10: ("cerebras 77a74bf53971f192", r"\A(?s:(?!\[DONE\]).)*\Z"),
    11: ("openrouter d89f4b90c2ec3811", r"(?m)^: OPENROUTER PROCESSING"),
    12: ("gemini 618bafe8824b94fc", r"\r\n\r\n"),
    13: ("doubleword eb964b7f4e77256b", r"\n\n\s*\n\s*data:"),
    14: ("anthropic f65286cd5a7e55ad", r"[^\n]\n?\Z"),
    15: ("groq 7aa12961c020c39d", r"(?m)^event: error"),
    60: ("anthropic d6deed4c83bcf056", r" {2,}\}\n"),
    85: ("gemini 3faa55e5985da761", r"\n\n\s*\["),
    96: ("bedrock 70af3831e65ae655", r"(?m)^x-amzn-errortype: "),
    99: ("ollama cce66d5e5a842d20", r"\n\n(\{.*\}\n){2,}\Z"),
    105: ("together 59674081d840eaac", r"\A429"),
    106: ("llamacpp 424c8725eee5a126", r"\A500"),
    107: ("anthropic e974ed098be76c96", r"(?m)^anthropic-ratelimit-requests-remaining: "),
    108: ("anthropic d4bed921b6354891", r"(?m)^retry-after: "),
}
# fmt: on

NEVER_SEEN: Final = {21, 27, 28, 49, 58, 83, 98}
"""In no record."""

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


def test_every_number_has_a_case_of_our_own_and_a_record() -> None:
    ours = [number for numbers in BY_HAND.values() for number in numbers]
    assert sorted([*ours, *NOT_OURS]) == list(range(1, 109))
    assert sorted([*IN_DOCUMENTS, *IN_BYTES, *NEVER_SEEN, *NOT_OURS]) == list(range(1, 109))


@pytest.mark.parametrize("where", BY_HAND)
def test_a_case_bears_its_number(where: str) -> None:
    path, _, name = where.partition("::")
    text = (ROOT / "tests" / path).read_text(encoding="utf-8")
    assert name in functions(text)
    borne = {int(number) for comment in re.findall(r"# .*", text) for number in re.findall(r"\b\d+\b", comment)}
    assert set(BY_HAND[where]) - borne == set()


def functions(text: str) -> set[str]:
    """The names of a module's functions."""
    return {node.name for node in ast.parse(text).body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


@pytest.mark.parametrize("where", NEVER_RECORDED.values(), ids=NEVER_RECORDED)
def test_the_test_exists(where: str) -> None:
    path, _, name = where.partition("::")
    names = functions((ROOT / path).read_text(encoding="utf-8"))
    assert name in names if name else any(found.startswith("test_") for found in names)


@needs_corpus
def test_the_records_show_what_they_are_named_for() -> None:
    missing = [
        f"{number}: {where}"
        for rows, text in ((IN_DOCUMENTS, documents), (IN_BYTES, as_it_came))
        for number, (where, shows) in rows.items()
        if not any(re.search(shows, text(record), re.MULTILINE) for record in named(where))
    ]
    assert missing == []


def named(where: str) -> Iterator[Record]:
    """The records of a file and an id; one may be several that came in one body."""
    file, _, made = where.partition(" ")
    return (record for record in records(file) if record.id.partition(".")[0] == made)


def documents(record: Record) -> str:
    """What the reply says, a document in a line."""
    found = events(record.wire, record.body) if record.streamed else [json.loads(record.body)]
    return "\n".join(json.dumps(one, sort_keys=True, separators=(",", ":"), ensure_ascii=False) for one in found)


def as_it_came(record: Record) -> str:
    """Status, headers and body."""
    head = "".join(f"{name}: {value}\n" for name, value in record.headers.items())
    return f"{record.status}\n{head}\n{record.body.decode()}"
