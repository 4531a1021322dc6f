"""What captures of both legs of a call tell of the server between them."""
