"""What a training learns from: its images, their labels, and the batches of them."""
