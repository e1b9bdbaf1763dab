"""OpenRouter: types compiled from specs/openrouter/ by polyvox's codegen; do not edit."""
