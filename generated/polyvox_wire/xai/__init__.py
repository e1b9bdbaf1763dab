"""XAI: types compiled from specs/xai/ by polyvox's codegen; do not edit."""
