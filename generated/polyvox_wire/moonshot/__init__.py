"""Moonshot: types compiled from specs/moonshot/ by polyvox's codegen; do not edit."""
