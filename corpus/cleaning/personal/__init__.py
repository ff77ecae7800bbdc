"""Personal data, masked: a file for each kind says what it looks like and what it is told from."""
