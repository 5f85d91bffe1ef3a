"""Tracking sequences: ground-truth boxes of people, and crops cut out by them."""
