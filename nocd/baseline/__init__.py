"""What is usual: profiles by hour of the week, thresholds that tune themselves, and what-if."""
