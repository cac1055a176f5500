"""Documents, variables and facts to graphs."""
