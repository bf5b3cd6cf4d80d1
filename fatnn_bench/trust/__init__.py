"""The suite against itself: does it call equal things equal, and find slow-downs that are really there?"""
