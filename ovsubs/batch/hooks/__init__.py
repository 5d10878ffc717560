"""What has become of a file -> the programs and servers that want to know."""
