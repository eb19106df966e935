/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * coverage.c - see coverage.h.
 */
#include "tests/support/coverage.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* In standard errors. */
static double off(int hits, double wanted)
{
    const double n = COVERAGE_REPEATS;

    /* Next to 0 and 1 the law is Poisson's: a single miss is no surprise. */
    const double error = sqrt(fmax(wanted * (1.0 - wanted), 1.0 / n) / n);
    return (hits / n - wanted) / error;
}

void coverage_is(const char *what, int hits, double wanted)
{
    if (!(fabs(off(hits, wanted)) <= 4.0))
        fail_msg("%s: %d of %d, wanted %.5f", what, hits, COVERAGE_REPEATS,
                 wanted);
}

void coverage_is_at_least(const char *what, int hits, double wanted)
{
    if (!(off(hits, wanted) >= -4.0))
        fail_msg("%s: %d of %d, wanted at least %.5f", what, hits,
                 COVERAGE_REPEATS, wanted);
}
