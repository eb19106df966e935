/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * otasim.h - the library's front door.
 *
 *     ota_scenario_read()  a scenario file, checked
 *     ota_experiment_run() its replications, summarised
 *     ota_output_write()   a results folder
 *     ota_experiment_listen(), ota_trace_write()  what one device went through
 *     ota_study_open(), ota_study_do()  many scenarios, a few numbers of each
 *     ota_compare_make(), ota_tune_run()  what these say
 *     ota_forecast()  what an update costs, without a run
 *
 * Nothing in it writes to stdout or stderr, and nothing ends the process: what
 * goes wrong comes back as complaints or an error (error.h), and text goes to
 * the streams that a caller hands over. A broken promise of the caller is an
 * assert.
 *
 * Numbers are read and written by strtod() and printf(): a client that calls
 * setlocale() must leave LC_NUMERIC at "C".
 */
#ifndef OTASIM_H
#define OTASIM_H

#define OTASIM_VERSION "0.1.0"

#include "models/registry.h"
#include "output/output.h"
#include "output/trace.h"
#include "sim/base/error.h"
#include "sim/experiment/compare.h"
#include "sim/experiment/design.h"
#include "sim/experiment/estimate.h"
#include "sim/experiment/experiment.h"
#include "sim/experiment/study.h"
#include "sim/experiment/tune.h"
#include "sim/scenario/scenario.h"

#endif
