"""Keys of one's own legs, as clients and development servers write them down."""
