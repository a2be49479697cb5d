"""Who is lost by cleaning, and by which stage."""
