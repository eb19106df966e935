/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sample.h - exponential and normal numbers, and the exp() that lognormal
 * ones take.
 *
 * The ziggurat of G. Marsaglia and W. W. Tsang: The ziggurat method for
 * generating random variables. Journal of Statistical Software 5(8), 2000, with
 * 256 layers. Layer and place in it come from separate bits of a word, as J. A.
 * Doornik asks: An improved ziggurat method to generate normal random samples,
 * University of Oxford, 2005. The law is exact but for the rounding of doubles:
 * what falls outside the layers' cores is kept or thrown away by the density,
 * and the last layer has the whole tail.
 *
 * All of it is additions, multiplications and comparisons of doubles as IEEE
 * 754 has them, without libm: the same word makes the same number everywhere.
 *
 * Generators must be of type ota_rng_threefry. A draw takes a word, seldom
 * (1.2 in 100) more.
 */
#ifndef OTA_SAMPLE_H
#define OTA_SAMPLE_H

#include <math.h>
#include <stdint.h>

#include "sim/base/random.h"

enum { OTA_LAYER_BITS = 8, OTA_LAYERS = 1 << OTA_LAYER_BITS };

/*
 * The right ends of the layers, widest and lowest first; the last is 0. Layer 0
 * is as wide as a rectangle of its height and of the area of layer and tail;
 * its core ends where the tail begins, at [1].
 */
extern const double ota_exponential_edges[OTA_LAYERS + 1];
extern const double ota_normal_edges[OTA_LAYERS + 1];

/* What is left to do for x in that layer but outside its core. */
double ota_exponential_outside(double x, uint64_t layer, gsl_rng *rng);
double ota_normal_outside(double x, uint64_t layer, gsl_rng *rng);

/* An exponential number of mean 1. */
static inline double ota_exponential(gsl_rng *rng)
{
    const uint64_t word = ota_word(rng);
    const uint64_t layer = word % OTA_LAYERS;
    const double x = ota_double_of_word(word) * ota_exponential_edges[layer];

    return x < ota_exponential_edges[layer + 1]
               ? x
               : ota_exponential_outside(x, layer, rng);
}

/* A normal number of mean 0 and deviation 1. Its place is one of 2^53, half of
 * them on either side of 0. */
static inline double ota_normal(gsl_rng *rng)
{
    const uint64_t word = ota_word(rng);
    const uint64_t layer = word % OTA_LAYERS;
    const double place = ((double)((int64_t)word >> 11) + 0.5) * 0x1p-52;
    const double x = place * ota_normal_edges[layer];

    return fabs(x) < ota_normal_edges[layer + 1]
               ? x
               : ota_normal_outside(x, layer, rng);
}

/* e^x within 2 units of the last place where |x| <= 700; libm's elsewhere. */
double ota_exp(double x);

#endif
