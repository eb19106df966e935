/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sample.c - what lies outside the cores of the ziggurats' layers, and exp().
 */
#include "sim/base/sample.h"

#include <stdbool.h>
#include <string.h>

/*
 * Whether a height drawn between the densities at two energies, a layer's
 * bottom and top, lies below the density at energy: exp(-energy) each.
 */
static bool is_below(double energy, double energy_low, double energy_high,
                     gsl_rng *rng)
{
    const double low = ota_exp(-energy_low);
    const double high = ota_exp(-energy_high);

    return low + ota_uniform(rng) * (high - low) < ota_exp(-energy);
}

/* Beyond r an exponential number is r and another one. */
double ota_exponential_outside(double x, uint64_t layer, gsl_rng *rng)
{
    if (layer == 0)
        return ota_exponential_edges[1] + ota_exponential(rng);
    if (is_below(x, ota_exponential_edges[layer],
                 ota_exponential_edges[layer + 1], rng))
        return x;
    return ota_exponential(rng);
}

/* G. Marsaglia: Generating a variable from the tail of the normal distribution.
 * Technometrics 6(1), 1964. */
static double normal_tail(gsl_rng *rng)
{
    const double r = ota_normal_edges[1];

    for (;;) {
        const double past = ota_exponential(rng) / r;
        if (2 * ota_exponential(rng) > past * past)
            return r + past;
    }
}

static double normal_energy(double x)
{
    return 0.5 * x * x;
}

double ota_normal_outside(double x, uint64_t layer, gsl_rng *rng)
{
    if (layer == 0)
        return copysign(normal_tail(rng), x);
    if (is_below(normal_energy(x), normal_energy(ota_normal_edges[layer]),
                 normal_energy(ota_normal_edges[layer + 1]), rng))
        return x;
    return ota_normal(rng);
}

enum { POWER_BITS = 5, POWERS = 1 << POWER_BITS };

/* 2^(0/32) to 2^(31/32). */
static const double powers[POWERS] = {
    0x1.0000000000000p+0, 0x1.059b0d3158574p+0, 0x1.0b5586cf9890fp+0,
    0x1.11301d0125b51p+0, 0x1.172b83c7d517bp+0, 0x1.1d4873168b9aap+0,
    0x1.2387a6e756238p+0, 0x1.29e9df51fdee1p+0, 0x1.306fe0a31b715p+0,
    0x1.371a7373aa9cbp+0, 0x1.3dea64c123422p+0, 0x1.44e086061892dp+0,
    0x1.4bfdad5362a27p+0, 0x1.5342b569d4f82p+0, 0x1.5ab07dd485429p+0,
    0x1.6247eb03a5585p+0, 0x1.6a09e667f3bcdp+0, 0x1.71f75e8ec5f74p+0,
    0x1.7a11473eb0187p+0, 0x1.82589994cce13p+0, 0x1.8ace5422aa0dbp+0,
    0x1.93737b0cdc5e5p+0, 0x1.9c49182a3f090p+0, 0x1.a5503b23e255dp+0,
    0x1.ae89f995ad3adp+0, 0x1.b7f76f2fb5e47p+0, 0x1.c199bdd85529cp+0,
    0x1.cb720dcef9069p+0, 0x1.d5818dcfba487p+0, 0x1.dfc97337b9b5fp+0,
    0x1.ea4afa2a490dap+0, 0x1.f50765b6e4540p+0,
};

/*
 * e^x = 2^whole * 2^(j/32) * e^r with |r| <= ln 2 / 64, of which seven terms of
 * the series leave an error of 4e-18. ln 2 / 32 is split in two, so that its
 * multiple is taken off x without rounding.
 */
double ota_exp(double x)
{
    static const double round_to_whole = 0x1.8p52; /* adding it rounds */
    static const double step_high = 0x1.62e42fec00000p-6;
    static const double step_low = 0x1.d1cf79abc9e3bp-37;

    if (!(fabs(x) <= 700))
        return exp(x);

    const double shifted = x * 0x1.71547652b82fep+5 + round_to_whole;
    const double steps = shifted - round_to_whole;
    const int64_t n = (int64_t)steps;
    const double r = x - steps * step_high - steps * step_low;
    const double r2 = r * r;
    const double more =
        r + r2 * ((0.5 + r * (1.0 / 6)) +
                  r2 * ((1.0 / 24 + r * (1.0 / 120)) + r2 * (1.0 / 720)));
    const uint64_t j = (uint64_t)n % POWERS;
    uint64_t bits;
    double scale;

    memcpy(&bits, &powers[j], sizeof(bits));
    bits += ((uint64_t)n - j) << (52 - POWER_BITS); /* the exponent */
    memcpy(&scale, &bits, sizeof(scale));
    return scale + scale * more;
}
