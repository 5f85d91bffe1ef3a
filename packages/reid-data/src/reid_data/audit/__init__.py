"""Looking for what is wrong with a data set: its pictures, its splits, its labels."""
