"""A library for many machines: each its part, and job files for clusters."""
