"""Load: many publishers and subscribers in one process, and what the server made of them."""
