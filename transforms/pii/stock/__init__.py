"""Mode `exact`: the findings of stock Presidio, at a multiple of its speed."""
