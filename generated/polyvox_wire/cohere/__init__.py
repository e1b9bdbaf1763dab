"""Cohere: types compiled from specs/cohere/ by polyvox's codegen; do not edit."""
