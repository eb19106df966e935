/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * near.c - see near.h.
 */
#include "tests/support/near.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

void near_check(double value, double wanted, double within, const char *file,
                int line)
{
    if (fabs(value - wanted) <= within)
        return;
    print_error("%.17g is not within %g of %.17g\n", value, within, wanted);
    _fail(file, line);
}
