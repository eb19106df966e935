/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plain_link.h - a link of constants, for tests whose answers are worked out by
 * hand.
 */
#ifndef OTA_TEST_PLAIN_LINK_H
#define OTA_TEST_PLAIN_LINK_H

#include "models/link/link.h"

struct plain_link {
    int64_t rtt_us;
    int64_t goodput_bit_s;
    int64_t device_us; /* for any size */
    double loss;       /* of each datagram, independent */
    int *datagrams;    /* NULL, or counts datagrams, */
    int lost_one;      /* of which then this one alone is lost, from 1 */
};

extern const struct ota_link_model plain_link_model;

#endif
