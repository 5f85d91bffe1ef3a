"""Preprocessing: what each method needs beside the images, made by functions and by verbs."""
