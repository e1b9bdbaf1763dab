"""VLLM: types compiled from specs/vllm/ by polyvox's codegen; do not edit."""
