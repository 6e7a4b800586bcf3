"""What `benches/compare`, `benches/features` and `benches/instructions` share."""
