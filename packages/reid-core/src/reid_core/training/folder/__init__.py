"""The folder of a training: what is kept in it, and what is written after every epoch."""
