"""The corpus as a map: its passages clustered into themes, the themes named, each passage with its place on a plane."""
