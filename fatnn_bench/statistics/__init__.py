"""How sure a median or a ratio of medians is: intervals, and the resampling behind them."""
