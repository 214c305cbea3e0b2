"""One file a country and year: whether its working days are official, how many they are, and what differs from the library."""
