"""What is put in the place of a finding."""
