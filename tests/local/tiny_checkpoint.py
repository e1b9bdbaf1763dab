"""Writes such a model as a checkpoint of transformers: `python tiny_checkpoint.py FOLDER`, where that is installed.

Its weights are random too, and others: only vocabulary, sizes and chat template are those of `tiny_model`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import tiny_model as model  # type: ignore[import-not-found]  # run as a script: its folder is on the path


def write(folder: str) -> None:
    """Write the checkpoint."""
    transformers: Any = import_module("transformers")
    tokenizers: Any = import_module("tokenizers")
    import_module("torch").manual_seed(1)
    tokens, _ = model.vocabulary()
    config = transformers.LlamaConfig(
        vocab_size=len(tokens),
        hidden_size=model.WIDTH,
        intermediate_size=model.HIDDEN,
        num_hidden_layers=model.LAYERS,
        num_attention_heads=model.HEADS,
        max_position_embeddings=model.CONTEXT,
        initializer_range=0.2,
        bos_token_id=1,
        eos_token_id=2,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    letters = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({token: index for index, token in enumerate(tokens)}, unk_token="<unk>")
    )
    letters.normalizer = tokenizers.normalizers.Replace(" ", "\u2581")
    letters.pre_tokenizer = tokenizers.pre_tokenizers.Split(tokenizers.Regex("."), "isolated")
    letters.decoder = tokenizers.decoders.Sequence(
        [tokenizers.decoders.Fuse(), tokenizers.decoders.Replace("\u2581", " ")]
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=letters, unk_token="<unk>", bos_token="<s>", eos_token="</s>", chat_template=model.TEMPLATE
    )
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    write(sys.argv[1])
