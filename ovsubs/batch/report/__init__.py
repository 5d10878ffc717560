"""What became of a library -> a page for people, and JSON."""
