"""What `benches/compare` and `benches/instructions` share."""
