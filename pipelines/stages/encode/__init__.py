"""Token ids and vectors of the kept documents."""
