"""Named entities: texts in, flat spans out."""
