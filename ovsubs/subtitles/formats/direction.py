"""Which of Whisper's languages are written from right to left: where a full stop stands depends on it."""

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ps", "sd", "ur", "yi"})
