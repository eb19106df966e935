/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * idle.h - what idle time costs, learnt once a replication. Private to
 * sim/fleet.
 */
#ifndef OTA_IDLE_H
#define OTA_IDLE_H

#include <stdbool.h>

#include "sim/base/error.h"
#include "sim/base/random.h"
#include "sim/fleet/config.h"

struct ota_idle;

/* Takes the memory for learning. *made is NULL where the config says to step.
 * Returns false with *error set if there is none. */
bool ota_idle_new(const struct ota_fleet_config *config, struct ota_idle **made,
                  struct ota_error *error);

/* Begins a replication. What idle time costs the devices of a class is learnt
 * when the first of them is about to pass over some; by the key, which must
 * last, whichever that is. */
void ota_idle_start(struct ota_idle *idle, const struct ota_random_key *key);

void ota_idle_free(struct ota_idle *idle);

#endif
