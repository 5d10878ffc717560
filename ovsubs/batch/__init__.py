"""A library of files, unattended: what is done is remembered, what is cut off goes on where it was."""
