"""Machine learning for fraud: from verdicts to a judged, calibrated, stored model, and scores from it."""
