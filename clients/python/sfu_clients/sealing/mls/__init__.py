"""Groups whose members agree on keys by MLS: the page's program, in V8, and what is around it."""
