/* random - the dice of sampling: one number for each (seed, choice, position), in any order.
 *
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) with the
 * seed as its key and (position, choice) as its counter. There is no state, so a number does not
 * depend on batch mates, threads, preemption or what was drawn before.
 */
#ifndef TIRO_ENGINE_RANDOM_H
#define TIRO_ENGINE_RANDOM_H

#include <stdint.h>

/* Uniform in [0, 1), a multiple of 2^-53. */
double random_unit(uint64_t seed, uint32_t choice, uint32_t position);
/* The whole block; for tests and other uses. */
void random_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

#endif
