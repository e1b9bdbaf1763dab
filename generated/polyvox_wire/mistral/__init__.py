"""Mistral: types compiled from specs/mistral/ by polyvox's codegen; do not edit."""
