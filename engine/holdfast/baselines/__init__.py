"""Baselines that documents of kind `baseline` declare, reported by control."""
