"""SambaNova: types compiled from specs/sambanova/ by polyvox's codegen; do not edit."""
