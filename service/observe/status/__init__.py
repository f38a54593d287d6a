"""``hearthbeat status``: how a running service stands, in the terminal."""
