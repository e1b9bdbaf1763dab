"""DeepSeek: types compiled from specs/deepseek/ by polyvox's codegen; do not edit."""
