"""Gemini: types compiled from specs/gemini/ by polyvox's codegen; do not edit."""
