"""From a request to the bytes of its reply, and back: all that a vendor's API is not."""
