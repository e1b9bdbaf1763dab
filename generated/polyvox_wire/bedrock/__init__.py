"""Bedrock: types compiled from specs/bedrock/ by polyvox's codegen; do not edit."""
