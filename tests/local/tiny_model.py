"""Writes a model of a few hundred kilobytes with random weights: `python tiny_model.py FILE`, where gguf is installed.

It says nothing sensible, but it is a Llama like any other to the servers: a tokenizer (one token per letter), a chat
template that knows tools, a context of 2048 tokens. The same seed gives the same file.
"""

from __future__ import annotations

import string
import sys
from importlib import import_module
from typing import Any

CONTEXT = 2048
WIDTH, LAYERS, HEADS, HIDDEN = 64, 2, 4, 128
NORMAL, UNKNOWN, CONTROL = 1, 2, 3
# What other vendors' templates do, in short: roles as headings, tools as JSON in the first message.
TEMPLATE = (
    "{% if tools %}TOOLS: {{ tools | tojson }}\n{% endif %}"
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def vocabulary() -> tuple[list[str], list[int]]:
    """Tokens and their kinds: SentencePiece's three, all of ASCII (a space is `▁`), and a few letters of more bytes."""
    letters = ["\u2581", "\n", *string.ascii_letters, *string.digits, *string.punctuation, "é", "—", "日", "🙂"]
    return ["<unk>", "<s>", "</s>", *letters], [UNKNOWN, CONTROL, CONTROL, *[NORMAL] * len(letters)]


def write(path: str) -> None:
    """Write the model."""
    gguf: Any = import_module("gguf")
    numpy: Any = import_module("numpy")
    tokens, kinds = vocabulary()
    random = numpy.random.default_rng(1)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("polyvox-tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)

    def tensor(name: str, *shape: int) -> None:
        weights = numpy.ones(shape) if len(shape) == 1 else random.normal(0, shape[-1] ** -0.5, shape)
        writer.add_tensor(name, weights.astype(numpy.float32))

    tensor("token_embd.weight", len(tokens), WIDTH)
    tensor("output.weight", len(tokens), WIDTH)
    tensor("output_norm.weight", WIDTH)
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        for part in ("q", "k", "v", "output"):
            tensor(f"{block}.attn_{part}.weight", WIDTH, WIDTH)
        tensor(f"{block}.attn_norm.weight", WIDTH)
        tensor(f"{block}.ffn_norm.weight", WIDTH)
        tensor(f"{block}.ffn_gate.weight", HIDDEN, WIDTH)
        tensor(f"{block}.ffn_up.weight", HIDDEN, WIDTH)
        tensor(f"{block}.ffn_down.weight", WIDTH, HIDDEN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    write(sys.argv[1])
