"""What a recipe may say, how it is read, and what is wrong with one."""
