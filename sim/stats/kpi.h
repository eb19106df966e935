/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kpi.h - the numbers a run is judged by, one table for everybody who
 * computes, names or prints them.
 */
#ifndef OTA_KPI_H
#define OTA_KPI_H

enum ota_kpi {
    OTA_KPI_CONFIRMED_SHARE, /* confirmed / targets */
    OTA_KPI_TIME_TO_50,      /* until 50 % of all targets are confirmed, */
    OTA_KPI_TIME_TO_90,      /* since the release; NaN if that many never */
    OTA_KPI_TIME_TO_99,      /* were */
    OTA_KPI_BEGUN_PER_OFFER, /* offers_begun / offers */
    OTA_KPI_ATTEMPTS,        /* transfers begun, per device */
    OTA_KPI_ABORTED,         /* of them not completed, per device */
    OTA_KPI_BYTES,           /* all bytes of a device's run, mean */
    OTA_KPI_BYTES_P95,
    OTA_KPI_USEFUL, /* the four parts of BYTES, mean and p95 */
    OTA_KPI_USEFUL_P95,
    OTA_KPI_OVERHEAD,
    OTA_KPI_OVERHEAD_P95,
    OTA_KPI_WASTED,
    OTA_KPI_WASTED_P95,
    OTA_KPI_ROUTINE,
    OTA_KPI_ROUTINE_P95,
    OTA_KPI_SIMS_OVER_CAP, /* SIMs over their cap in any billing period */
    OTA_KPI_OVERAGE,       /* of all SIMs */
    OTA_KPI_AWAKE,         /* per device, mean */
    OTA_KPI_AWAKE_P95,
    OTA_KPI_CHARGE, /* per device, mean */
    OTA_KPI_CHARGE_P95,
    OTA_KPI_BATTERIES_EMPTY,  /* devices whose battery ran out */
    OTA_KPI_BELIEVED,         /* devices that the backend thinks updated */
    OTA_KPI_BELIEVED_WRONGLY, /* of them, that do not run the release */
    OTA_KPI_UNBELIEVED,       /* that run it, and the backend does not know */
    OTA_KPI_DEFECTIVE,        /* devices on which the image failed */

    /* As TIME_TO: until the rollout offered it, until it ran, and until
     * confirmed of the targets that were online at all. */
    OTA_KPI_OFFERED_50,
    OTA_KPI_OFFERED_90,
    OTA_KPI_OFFERED_99,
    OTA_KPI_INSTALLED_50,
    OTA_KPI_INSTALLED_90,
    OTA_KPI_INSTALLED_99,
    OTA_KPI_REACHABLE_50,
    OTA_KPI_REACHABLE_90,
    OTA_KPI_REACHABLE_99,

    /* The rollout; of the whole fleet only, NaN for groups, are STOPPED to
     * STOP_EFFECT and REOFFERS to PAUSED_TIME. */
    OTA_KPI_STOPPED,        /* a rule stopped or halted it: 1, else 0 */
    OTA_KPI_STOP_TIME,      /* from the release to that decision, */
    OTA_KPI_STOP_EFFECT,    /* and to the last order of it */
    OTA_KPI_STOP_OFFERED,   /* devices at the decision: offered so far, */
    OTA_KPI_STOP_DOWNLOADS, /* downloading, */
    OTA_KPI_STOP_RUNNING,   /* running the release, */
    OTA_KPI_EFFECT_RUNNING, /* and running it at the last order */
    OTA_KPI_EXPOSED,        /* devices that ever ran the release, */
    OTA_KPI_EXPOSED_BAD,    /* and on which it is bad */
    OTA_KPI_BAD_TIME,       /* device-hours that it ran on those */
    OTA_KPI_BACK_BYTES,     /* of all devices, for going back */
    OTA_KPI_BACK_TIME,      /* from the decision until 99 % of those that went
                             * back were back */
    OTA_KPI_REOFFERS,
    OTA_KPI_IN_FLIGHT_PEAK,
    OTA_KPI_EGRESS_PEAK, /* where capacity is shared */
    OTA_KPI_APPROVALS,
    OTA_KPI_PAUSED_TIME,
    OTA_KPI_SITE_VISITS, /* devices that only somebody on site can mend */
    OTA_KPI_COST,        /* overage, site visits, operator */
    OTA_KPIS
};

/* Of which replications a KPI is the mean. */
enum ota_kpi_of {
    OTA_KPI_OF_ALL,     /* if one gave no value there is no estimate */
    OTA_KPI_OF_REACHED, /* the same; a time that need not come */
    OTA_KPI_OF_THOSE,   /* of those in which it happened */
};

/* Units as written in files. */
struct ota_kpi_info {
    const char *name;  /* "time_to_50": stable key */
    const char *unit;  /* "s", "h", "B", "mAh", "USD", "1", "devices" */
    const char *label; /* for a person: "time to 50 %" */
    const char *help;  /* what exactly it is, one line */
    enum ota_kpi_of of;
    int better; /* 1: more of it is, -1: less, 0: neither can be said */
};

extern const struct ota_kpi_info ota_kpis[OTA_KPIS];

#endif
