"""What limits growth, and what is more of it worth?"""
