"""What sizes and times alone tell of a call, measured on labelled calls: `make bench-inference`."""
