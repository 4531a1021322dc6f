"""Recording: a subscriber that is a file, in clear or sealed as the room's media is."""
