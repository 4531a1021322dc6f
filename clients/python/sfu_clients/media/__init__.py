"""Pictures and sound: where they come from, and how they are encoded and decoded."""
