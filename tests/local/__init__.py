"""Servers that people host themselves, run and recorded on this machine: `make record-local`."""
