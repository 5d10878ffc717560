"""A model directory and recordings -> the same model in INT8, tested against what it was."""
