"""From a file to log-mel windows: media, voice activity, windows, features."""
