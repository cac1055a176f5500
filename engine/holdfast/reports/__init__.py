"""What a person reads, and JSON."""
