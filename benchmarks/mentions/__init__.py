"""How fast mentions of groups are counted, and how well ambiguous terms are judged."""
