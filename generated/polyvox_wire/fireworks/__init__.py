"""Fireworks: types compiled from specs/fireworks/ by polyvox's codegen; do not edit."""
