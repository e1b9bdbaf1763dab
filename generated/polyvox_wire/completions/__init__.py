"""Completions: types compiled from specs/completions/ by polyvox's codegen; do not edit."""
