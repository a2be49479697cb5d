"""Detection, redaction and measured recall of personal data, over whole batches."""
