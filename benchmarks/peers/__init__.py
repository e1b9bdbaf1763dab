"""Other libraries, each in an environment of its own and a process of its own. `make bench-peers` builds the
environments; `make bench` measures those that are there, in the same interleaved run as polyvox and raw httpx2."""
