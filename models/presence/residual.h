/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * residual.h - what is left of a stretch when one looks in at an arbitrary
 * instant. Private to this folder.
 */
#ifndef OTA_RESIDUAL_H
#define OTA_RESIDUAL_H

#include <gsl/gsl_rng.h>

#include "sim/base/dist.h"

/*
 * Draws a stretch of that law as an arbitrary instant hits it, in base units:
 * long ones more often, by their length (density x f(x) / E[X]). The mean must
 * be more than 0.
 */
double ota_residual_hit(const struct ota_dist *dist, gsl_rng *rng);

/* Draws how much is left of such a stretch: density (1 - F(x)) / E[X], mean
 * E[X^2] / (2 E[X]). */
double ota_residual_draw(const struct ota_dist *dist, gsl_rng *rng);

#endif
