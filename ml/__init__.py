"""Machine learning for fraud: nothing yet; the model comes with a release of its own."""
