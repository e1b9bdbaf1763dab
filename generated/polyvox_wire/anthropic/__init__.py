"""Anthropic: types compiled from specs/anthropic/ by polyvox's codegen; do not edit."""
