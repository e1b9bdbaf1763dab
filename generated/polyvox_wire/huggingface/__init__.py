"""HuggingFace: types compiled from specs/huggingface/ by polyvox's codegen; do not edit."""
