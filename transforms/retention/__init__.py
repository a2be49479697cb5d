"""Who is lost by cleaning: groups of people against all others, at equal length."""
