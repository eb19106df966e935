/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gate_errors.h - prints how often a rollout's rules are wrong.
 */
#ifndef OTA_GATE_ERRORS_H
#define OTA_GATE_ERRORS_H

#include "output/output.h"

/* A release that is good on every device, and one that is bad on some; of the
 * same scenario and seeds. Everything is borrowed. */
struct ota_gates_report {
    struct ota_report good, bad;
    const char *policy_name;           /* may be "" */
    const struct ota_estimate *missed; /* share of the bad that went through */
};

/* For a person; width and colour as for ota_output_print(). */
void ota_gates_print(const struct ota_gates_report *report, FILE *out,
                     int width, bool colour);

/* One JSON object on one line. Returns false if writing failed. */
bool ota_gates_print_json(const struct ota_gates_report *report, FILE *out);

#endif
