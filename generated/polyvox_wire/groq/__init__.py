"""Groq: types compiled from specs/groq/ by polyvox's codegen; do not edit."""
