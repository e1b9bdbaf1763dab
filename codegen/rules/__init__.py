"""The rules of `normalise`, one idea per module."""
