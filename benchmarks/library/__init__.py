"""Libraries of files, good and bad, for benchmarks of unattended runs."""
