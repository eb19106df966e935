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
    OTA_KPIS
};

/* Units as written in files. */
struct ota_kpi_info {
    const char *name;  /* "time_to_50": stable key */
    const char *unit;  /* "s", "B", "mAh", "USD", "1", "devices" */
    const char *label; /* for a person: "time to 50 %" */
    const char *help;  /* what exactly it is, one line */
};

extern const struct ota_kpi_info ota_kpis[OTA_KPIS];

#endif
