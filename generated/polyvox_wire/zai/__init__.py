"""ZAI: types compiled from specs/zai/ by polyvox's codegen; do not edit."""
