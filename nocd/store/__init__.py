"""What is durable: one SQLite file a tenant, one writer, read-only readers."""
