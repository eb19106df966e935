/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observation.h - what a run tells, and to whom.
 *
 * Everything leaves the fleet by this door. An observer only listens: it
 * never changes the fleet, and the fleet never asks it for anything. Each
 * shard of the fleet has an observer of its own, called by one thread at a
 * time; observations of one device come in order of time (but a transfer's
 * end is told together with its begin), of different devices in no order that
 * means anything.
 */
#ifndef OTA_OBSERVATION_H
#define OTA_OBSERVATION_H

#include <stdbool.h>
#include <stdint.h>

#include "models/battery/battery.h"
#include "models/transfer/transfer.h"

/* Where a device is on its way, in truth; exactly one at a time. */
enum ota_state {
    OTA_STATE_WAITING,     /* the old version runs, nothing under way */
    OTA_STATE_DOWNLOADING, /* the app of the release is being transferred */
    OTA_STATE_APPLYING,    /* restarting with a new module, not safe mode */
    OTA_STATE_SAFE_MODE,   /* the app does not run; being healed, or not */
    OTA_STATE_INSTALLED,   /* the new version runs, the cloud does not know */
    OTA_STATE_CONFIRMED,   /* the new version runs and reported itself */
    OTA_STATE_GIVEN_UP,    /* the cloud tries no more */
    OTA_STATE_OUT_OF_DATA, /* old version or safe mode, and its SIM is paused */
    OTA_STATE_DEAD,        /* battery empty with the old version */
    OTA_STATE_ABSENT,      /* switched off for good */
    OTA_STATES
};

/* How a device stood at the end of the run; exactly one each. */
enum ota_outcome {
    OTA_OUTCOME_UPDATED_CONFIRMED,
    OTA_OUTCOME_UPDATED_UNREPORTED,
    OTA_OUTCOME_IN_PROGRESS,             /* a transfer or restart under way */
    OTA_OUTCOME_WAITING_NEVER_REACHABLE, /* never came online */
    OTA_OUTCOME_WAITING_NEVER_OFFERED,   /* online, but never when the cloud
                                          * offers */
    OTA_OUTCOME_WAITING_NEVER_BEGUN,     /* offered, always gone again before
                                          * the transfer began */
    OTA_OUTCOME_WAITING_ALWAYS_ABORTED,  /* begun, never finished */
    OTA_OUTCOME_FAILED_NOT_APPLIED,      /* transfers were complete, and yet
                                          * the old version runs on */
    OTA_OUTCOME_FAILED_GIVEN_UP,         /* the cloud ran out of attempts */
    OTA_OUTCOME_SAFE_MODE,
    OTA_OUTCOME_OUT_OF_BATTERY,
    OTA_OUTCOME_OUT_OF_DATA,
    OTA_OUTCOMES
};

/* "updated_confirmed", ...: stable words for files. */
extern const char *const ota_state_names[OTA_STATES];
extern const char *const ota_outcome_names[OTA_OUTCOMES];

/* What one device did in a whole run. Instants are OTA_NEVER if they did not
 * come. Each byte on the air stands in exactly one of the four sums. */
struct ota_device_record {
    enum ota_outcome outcome;
    bool dead;                    /* battery empty, whatever the outcome */
    int64_t offered_us;           /* first offer; times are since time 0 */
    int64_t begun_us;             /* first attempt's first message */
    int64_t installed_us;         /* the new version runs */
    int64_t confirmed_us;         /* and has reported itself */
    int64_t routine_bytes;        /* sessions, publishes, keep-alives that would
                                   * have been without the update */
    int64_t useful_bytes;         /* payload of modules that took effect */
    int64_t overhead_bytes;       /* headers, answers, sessions for the update's
                                   * sake */
    int64_t wasted_bytes;         /* chunks lost, repeated or thrown away */
    int64_t power_us[OTA_POWERS]; /* time by state */
    int64_t charge_pc;            /* no more than INT64_MAX, 2,562 Ah */
    int64_t overage_uusd;
    int32_t periods_over; /* billing periods over the plan's cap */
    int32_t wakes;        /* scheduled ones */
    int32_t connects;
    int32_t handshakes;   /* full, of the connects */
    int32_t offers;       /* made while the app ran, not in safe mode */
    int32_t offers_begun; /* of them, transfers begun in time */
    int32_t attempts;     /* transfers begun, the healer's too */
    int32_t aborted;      /* of them not completed */
    int32_t modules;      /* that took effect */
};

enum ota_observation_kind {
    OTA_SEEN_WAKE,    /* a scheduled wake */
    OTA_SEEN_CONNECT, /* a connect ended: detail.connect */
    OTA_SEEN_SLEEP,   /* went to sleep */
    OTA_SEEN_OFFER,   /* the cloud decided to send the update */
    OTA_SEEN_BEGIN,   /* a transfer began: detail.begin */
    OTA_SEEN_END,     /* and ended: detail.transfer */
    OTA_SEEN_BOOT,    /* runs again after a module: detail.boot */
    OTA_SEEN_STATE,   /* detail.state */
    OTA_SEEN_FINAL,   /* once a device, at the horizon: detail.record */
    OTA_SEEN_KINDS
};

struct ota_observation {
    enum ota_observation_kind kind;
    int64_t time_us;
    uint64_t device; /* from 0, over all groups */
    uint32_t group;
    union {
        struct {
            bool ok;
            bool full;
        } connect;
        struct {
            uint32_t step; /* of the device's path, from 0 */
        } begin;
        struct {
            uint32_t step;
            const struct ota_transfer_result *result;
        } transfer;
        struct {
            uint32_t step; /* of the module that was applied */
            bool applied;
            bool safe_mode; /* what it booted into */
        } boot;
        struct {
            enum ota_state from, to;
        } state;
        const struct ota_device_record *record;
    } detail;
};

struct ota_observer {
    uint32_t wants; /* bit 1 << kind for each kind it wants to hear of */
    void (*observe)(void *self, const struct ota_observation *observation);
    void *self;
};

#endif
