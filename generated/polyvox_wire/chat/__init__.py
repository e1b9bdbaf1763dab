"""Chat: types compiled from specs/chat/ by polyvox's codegen; do not edit."""
