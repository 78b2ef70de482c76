"""One module for each version of the tables; each says what is new."""
