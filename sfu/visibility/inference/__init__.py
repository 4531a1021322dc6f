"""What anybody on the way of one stream can tell from sizes and times alone."""
