"""Carrying graphs out on many hosts: concurrency, batches, the failure budget, time limits, stopping."""
