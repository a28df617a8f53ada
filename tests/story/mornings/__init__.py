"""Two hundred planted mornings: what lies in wait for a digest, and what the truth of it is."""
