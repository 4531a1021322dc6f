"""Which stream of one leg is which of the other, and how sure that is."""
