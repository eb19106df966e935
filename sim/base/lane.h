/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lane.h - which of a run's threads this is.
 */
#ifndef OTA_LANE_H
#define OTA_LANE_H

#ifdef _OPENMP
#include <omp.h>
#endif

/* What threads write into lies this far apart, or they wait for each other. */
enum { OTA_CACHE_LINE = 64 };

/* The calling thread's number, below `threads`, in a run on that many. A run on
 * one has lane 0, also if it is one of several beside each other. */
static inline int ota_lane(int threads)
{
#ifdef _OPENMP
    return threads > 1 ? omp_get_thread_num() : 0;
#else
    (void)threads;
    return 0;
#endif
}

#endif
