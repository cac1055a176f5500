"""What is kept: runs, results, facts."""
