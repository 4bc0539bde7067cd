"""The model that ships with stancewire: ONNX graph, tokenizer, configuration and card."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
