"""Writes the configuration of LiteLLM's proxy: one model, the llama.cpp server's. `python proxy_config.py FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

MODEL = "polyvox-tiny"
BEHIND = "http://127.0.0.1:18801/v1"

if __name__ == "__main__":
    parameters = {"model": f"openai/{MODEL}", "api_base": BEHIND, "api_key": "none"}
    config = {"model_list": [{"model_name": MODEL, "litellm_params": parameters}]}
    Path(sys.argv[1]).write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
