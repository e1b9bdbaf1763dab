"""What polyvox costs, against raw HTTP, in one interleaved run."""
