"""What operators say of SIMs and their use, synchronised and stored."""
