"""Files that leave the house: where they are kept, and the signed links by which they are fetched."""
