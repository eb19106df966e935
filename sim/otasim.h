/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * otasim.h - the library's front door.
 *
 *     ota_scenario_read()  a scenario file, checked
 *     ota_experiment_run() its replications, summarised
 *     ota_output_write()   a results folder
 */
#ifndef OTASIM_H
#define OTASIM_H

#define OTASIM_VERSION "0.1.0"

#include "models/registry.h"
#include "output/output.h"
#include "sim/base/error.h"
#include "sim/experiment/experiment.h"
#include "sim/scenario/scenario.h"

#endif
