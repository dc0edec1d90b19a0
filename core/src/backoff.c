#include "trapheus/backoff.h"
#include <math.h>

int64_t tph_backoff_delay_ms(int64_t base_ms, int64_t cap_ms, unsigned attempt, double random) {
    int doublings = attempt > 63 ? 62 : attempt > 1 ? (int)attempt - 1 : 0;
    double ceiling = fmin((double)cap_ms, ldexp((double)base_ms, doublings));
    return (int64_t)(fmax(ceiling, 0) * fmin(fmax(random, 0), 1));
}
