/* backoff.h - how long to wait before an attempt is repeated. Pure: the caller brings the chance.
 */
#ifndef TRAPHEUS_BACKOFF_H
#define TRAPHEUS_BACKOFF_H

#include <stdint.h>

/* Full jitter: anything from nothing up to base_ms doubled with every attempt, and never more
 * than cap_ms:
 *
 *     random * min(cap_ms, base_ms * 2^(attempt - 1))
 *
 * `attempt` counts from 1, the attempt that has just failed. `random` is in [0, 1). Arguments
 * outside their range count as the nearest value inside. */
int64_t tph_backoff_delay_ms(int64_t base_ms, int64_t cap_ms, unsigned attempt, double random);

#endif
