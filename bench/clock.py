"""How much processor time one call takes."""

import time


def seconds_of(call):
    """Calls for a fifth of a second, in batches that double; the mean of the last one, which is half of all."""
    count = 1
    while True:
        began_s = time.process_time()
        for _ in range(count):
            call()
        took_s = time.process_time() - began_s
        if took_s > 0.1:
            return took_s / count
        count *= 2
