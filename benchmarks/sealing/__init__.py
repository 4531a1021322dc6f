"""What sealing costs, beside the same in clear: `make bench-sealing`."""
