"""Files that leave the house: the store, and the links to it."""
