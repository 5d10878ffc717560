"""What a run remembers: files, windows, results; and what tells whether they are stale."""
