"""What a person reads, and JSON. Pure functions from results to lines of text; only `live` draws by itself."""
