"""Perplexity: types compiled from specs/perplexity/ by polyvox's codegen; do not edit."""
