"""What so many goals can show, and how many goals it takes to show it, before anything is asked."""
