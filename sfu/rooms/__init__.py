"""Who is here, what they publish, what they watch: wires media to transport."""
