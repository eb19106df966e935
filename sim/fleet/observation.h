/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observation.h - what a run tells, and to whom.
 *
 * Everything leaves the fleet by this door. An observer only listens: it
 * never changes the fleet, and the fleet never asks it for anything. Each
 * thread of the run has an observer of its own, and a device may be heard by
 * one and then by another, never by two at a time. Observations of one device
 * come in order of time, but for three: a transfer's end is told together with
 * its begin, what the cloud will have told of an update together with the
 * connect, and what a query of the backend's found when something else changes
 * what it believes. Observations of different devices come in no order that
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
    OTA_STATE_CRASHING,    /* a bad image boots again and again */
    OTA_STATE_REVERTED,    /* a watchdog brought the old version back */
    OTA_STATE_BRICKED,     /* dead of an image or of a power loss in applying */
    OTA_STATE_ROLLED_BACK, /* runs the old version again, as it was told to */
    OTA_STATES
};

/* How a device stood at the end of the run; exactly one each. */
enum ota_outcome {
    OTA_OUTCOME_UPDATED_CONFIRMED,
    OTA_OUTCOME_UPDATED_UNREPORTED,
    OTA_OUTCOME_IN_PROGRESS,             /* a transfer or restart under way, or
                                          * a crash that a watchdog ends */
    OTA_OUTCOME_WAITING_NOT_REACHED,     /* the rollout did not get to it */
    OTA_OUTCOME_WAITING_CANCELED,        /* or took its offer back */
    OTA_OUTCOME_WAITING_NEVER_REACHABLE, /* never came online */
    OTA_OUTCOME_WAITING_NEVER_OFFERED,   /* online, but never when the cloud
                                          * offers */
    OTA_OUTCOME_WAITING_NEVER_BEGUN,     /* offered, always gone again before
                                          * the transfer began */
    OTA_OUTCOME_WAITING_ALWAYS_ABORTED,  /* begun, never finished */
    OTA_OUTCOME_FAILED_NOT_APPLIED,      /* transfers were complete, and yet
                                          * the old version runs on */
    OTA_OUTCOME_FAILED_GIVEN_UP,         /* the cloud ran out of attempts */
    OTA_OUTCOME_FAILED_CRASHING,         /* a bad image boots again and again */
    OTA_OUTCOME_FAILED_REFUSED,          /* every attempt was refused: updates
                                          * disabled, or the wrong order */
    OTA_OUTCOME_SAFE_MODE,
    OTA_OUTCOME_REVERTED,
    OTA_OUTCOME_ROLLED_BACK,
    OTA_OUTCOME_BRICKED,
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
    int32_t refused;      /* attempts that the device refused */
    int32_t modules;      /* that took effect */
    int32_t skipped;      /* wakes that did not connect: battery low, or the
                           * modem was off too shortly */
    bool believed;        /* the operator's backend thinks it is updated */
    int64_t believed_us;  /* since when, or since when last */
    int64_t defect_us;    /* the image stopped working; OTA_NEVER: it did not */
    bool bad;             /* the release is bad on this device, installed or
                           * not */
    int64_t reached_us;   /* the rollout offered the update first */
    int64_t revoked_us;   /* and took it back; OTA_NEVER: it stands */
    int64_t left_us;      /* the release ran no more: reverted, rolled back,
                           * bricked; OTA_NEVER: it runs, or never did */
    int64_t ran_us;       /* for so long it ran before installed_us, if it was
                           * taken more than once */
    int64_t back_us;      /* rolled back: the old image runs */
    int64_t back_bytes;   /* on the air for that; part of the sums above */
    int32_t back_attempts;
};

/* The time of it that the device was not asleep. */
int64_t ota_record_awake_us(const struct ota_device_record *record);

/* What a device is doing, a stretch of time at a constant current. */
enum ota_phase {
    OTA_PHASE_ABSENT, /* switched off */
    OTA_PHASE_ASLEEP,
    OTA_PHASE_TAIL, /* asleep, the radio still up */
    OTA_PHASE_BOOTING,
    OTA_PHASE_ATTACHING,
    OTA_PHASE_CONNECTING,
    OTA_PHASE_PUBLISHING,
    OTA_PHASE_ONLINE,
    OTA_PHASE_BACKING_OFF, /* awake, waiting to try again */
    OTA_PHASE_TRANSFERRING,
    OTA_PHASE_APPLYING,
    OTA_PHASE_CRASHING,
    OTA_PHASE_DEAD,
    OTA_PHASES
};

extern const char *const ota_phase_names[OTA_PHASES];

enum ota_observation_kind {
    OTA_SEEN_WAKE,     /* a scheduled wake */
    OTA_SEEN_ATTACH,   /* a try to attach ended: detail.attach */
    OTA_SEEN_CONNECT,  /* a connect ended: detail.connect */
    OTA_SEEN_FLAGS,    /* the cloud heard the update flags: detail.flags */
    OTA_SEEN_PENDING,  /* the cloud told whether one is pending: .pending */
    OTA_SEEN_SLEEP,    /* went to sleep */
    OTA_SEEN_OFFER,    /* somebody decided to send a module: detail.offer */
    OTA_SEEN_BEGIN,    /* a transfer began: detail.begin */
    OTA_SEEN_END,      /* and ended: detail.transfer */
    OTA_SEEN_BOOT,     /* runs again after a module: detail.boot */
    OTA_SEEN_COMMAND,  /* the operator put it into safe mode */
    OTA_SEEN_REPORT,   /* the cloud heard of the new version: detail.report */
    OTA_SEEN_BELIEF,   /* the backend's opinion changed: detail.belief */
    OTA_SEEN_PRESENCE, /* was switched on or off: detail.presence */
    OTA_SEEN_IDLE,     /* an idle stretch was skipped: detail.idle */
    OTA_SEEN_PHASE,    /* a phase ended: detail.phase */
    OTA_SEEN_STATE,    /* detail.state */
    OTA_SEEN_FINAL,    /* once a device, at the horizon: the record. Undone,
                        * with the record as it was told, it comes again */
    OTA_SEEN_KINDS
};

/* Who sends a module. */
enum ota_sender {
    OTA_SENDER_CLOUD,    /* as part of the rollout */
    OTA_SENDER_HEALER,   /* to a device in safe mode */
    OTA_SENDER_OPERATOR, /* by hand */
};

struct ota_observation {
    enum ota_observation_kind kind;
    int64_t time_us;
    uint64_t device; /* from 0, over all groups */
    uint32_t group;
    uint16_t variant; /* firmware it had at time 0, of its group's */
    bool safe_mode;   /* the device is in it */
    bool undone;      /* was told before and did not happen: the campaign turned
                       * out to act on the device earlier. Each one told of it
                       * from time 0 on is told so, then all anew */
    const struct ota_device_record *record; /* the books so far; at FINAL they
                                             * are complete. A phase that goes
                                             * on is not in them yet */
    union {
        struct {
            bool ok;
            int64_t took_us;
        } attach;
        struct {
            bool ok;
            bool full;
            int64_t took_us;
            int64_t bytes; /* both ways */
        } connect;
        struct {
            bool enabled, forced;
        } flags;
        struct {
            bool pending;
        } pending;
        struct {
            enum ota_sender sender;
        } offer;
        struct {
            uint32_t step; /* of the device's path, from 0 */
        } begin;
        struct {
            uint32_t step;
            int64_t begun_us;
            const struct ota_transfer_result *result;
        } transfer;
        struct {
            uint32_t step; /* of the module that was applied */
            bool applied;
            bool refused;   /* the device did not take it: a need is not met */
            bool safe_mode; /* what it booted into */
        } boot;
        struct {
            bool lost; /* on the way to the backend */
        } report;
        struct {
            bool updated;
            bool asked; /* it came of a query */
        } belief;
        struct {
            bool on;
        } presence;
        struct {
            int64_t since_us;
            int32_t wakes, connects, handshakes;
            int64_t bytes; /* routine */
            int64_t charge_pc;
        } idle;
        struct {
            enum ota_phase phase;
            int64_t since_us;
        } phase;
        struct {
            enum ota_state from, to;
        } state;
    } detail;
};

struct ota_observer {
    uint32_t wants; /* bit 1 << kind for each kind it wants to hear of */
    void (*observe)(void *self, const struct ota_observation *observation);
    void *self;
};

#endif
