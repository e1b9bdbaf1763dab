"""Ollama: types compiled from specs/ollama/ by polyvox's codegen; do not edit."""
