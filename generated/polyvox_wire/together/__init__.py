"""Together: types compiled from specs/together/ by polyvox's codegen; do not edit."""
