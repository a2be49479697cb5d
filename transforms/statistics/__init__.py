"""Audit statistics: folds over documents, intervals and gates."""
