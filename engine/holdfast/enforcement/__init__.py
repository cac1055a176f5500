"""Keeping hosts as declared: schedules, what is put back and what is not, and who is told."""
