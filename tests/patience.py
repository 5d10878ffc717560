"""How long a test waits for a process: what hangs is noticed, what a busy machine makes slow is not."""

PATIENCE_S = 300.0
