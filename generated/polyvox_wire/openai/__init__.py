"""OpenAI: types compiled from specs/openai/ by polyvox's codegen; do not edit."""
