"""The compiler of polyvox: vendors' API descriptions in, typed code out. Development only, never installed."""
