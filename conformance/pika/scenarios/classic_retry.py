from retry import show_retry

show_retry("classic")
