"""AI21: types compiled from specs/ai21/ by polyvox's codegen; do not edit."""
