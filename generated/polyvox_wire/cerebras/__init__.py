"""Cerebras: types compiled from specs/cerebras/ by polyvox's codegen; do not edit."""
