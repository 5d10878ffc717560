"""The machine while a run goes on: awake, not in the way, and only at some hours."""
