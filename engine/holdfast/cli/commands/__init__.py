"""The commands, one file each: `add(parser)` declares its options, `run(args, console, api)` carries it out."""
