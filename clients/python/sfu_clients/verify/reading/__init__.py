"""What can be read of a stream once its hop encryption is removed."""
