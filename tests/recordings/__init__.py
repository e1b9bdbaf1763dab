"""Real vendor traffic, replayed."""
