"""The witness's own process: no other module of the server imports what is here."""
