"""What do measurements determine, and what should be measured next?"""
