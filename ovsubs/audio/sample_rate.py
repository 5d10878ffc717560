"""How many samples of a second are heard."""

SAMPLE_RATE_HZ = 16_000  # what Whisper and Silero were trained on
