/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign.h - the rollout as the operator's platform runs it.
 *
 * A campaign hears reports and gives orders, and knows nothing else: neither
 * what devices are nor what is true of them. Whoever owns it (the fleet, or a
 * test with a script) feeds it time, instant by instant, with the reports of
 * each, and carries the orders out. Everything it does at an instant is in
 * this order: offers that the pace lets out then; the reports, one after
 * another, each followed by the rules that look at every outcome; what is
 * looked at by the clock (sweeps, time-outs, rules, people, windows, waves);
 * and offers that have become possible. So a report at the instant of an
 * evaluation is seen by it, and an offer at the instant of a stop went out.
 *
 * Times are since the begin of the rollout, the release.
 */
#ifndef OTA_CAMPAIGN_H
#define OTA_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/policy/policy.h"
#include "sim/base/error.h"
#include "sim/base/random.h"

/* What the platform hears of a device. */
enum ota_report_kind {
    OTA_REPORT_CONTACT,  /* it is connected, or asks whether there is
                          * something; only while they are wanted */
    OTA_REPORT_GONE,     /* and is connected no longer */
    OTA_REPORT_STARTED,  /* the attempt's first transfer began */
    OTA_REPORT_PROGRESS, /* any other sign of life of an attempt */
    OTA_REPORT_SUCCEEDED,
    OTA_REPORT_FAILED, /* by cause */
    OTA_REPORT_REFUSED,
    OTA_REPORT_CURRENT, /* has the release already */
    OTA_REPORT_LEFT,    /* was switched off for good */
    OTA_REPORT_JOINED,  /* came into the fleet after the begin */
    OTA_REPORT_BEGIN,   /* asks for a slot to download in; where slots are
                         * counted by downloads or started attempts */
    OTA_REPORT_END,     /* gives it back, or its place in the queue */
    OTA_REPORT_SHARE,   /* not for the campaign: see sharing.h */
    OTA_REPORT_BACK,    /* runs the old image again, as it was told to */
    OTA_REPORT_KINDS
};

struct ota_campaign_report {
    int64_t time_us;
    uint32_t device;
    uint8_t kind;    /* enum ota_report_kind */
    uint8_t cause;   /* FAILED: enum ota_cause */
    uint16_t serial; /* the sender's; the campaign does not look at it */
};

/* What the platform has a device do. */
enum ota_order_kind {
    OTA_ORDER_OFFER,     /* there is an update for it from now on */
    OTA_ORDER_REVOKE,    /* there is none any more; what has begun goes on */
    OTA_ORDER_CANCEL,    /* nor may it apply what it downloads */
    OTA_ORDER_GRANT,     /* it may begin to download */
    OTA_ORDER_ROLL_BACK, /* there is the old image for it */
    OTA_ORDER_KINDS
};

struct ota_order {
    int64_t time_us;
    uint32_t device;
    uint8_t kind; /* enum ota_order_kind */
    bool all;     /* and for every other device, too */
};

/* The fleet as far as a campaign may look at it. */
struct ota_campaign_world {
    void *self;
    size_t devices; /* numbered from 0, all that ever come */
    /* Whether a device is there at the begin; NULL: all are. */
    bool (*is_there)(void *self, uint32_t device);
    /* Attributes for filters; see filter.h. */
    ota_attribute_of attribute_of;
    /* Whether a device that was not offered anything is connected at now_us;
     * only asked for waves that choose among the connected. */
    bool (*is_connected)(void *self, uint32_t device, int64_t now_us);
    /* Draws; for orders at random, people, Bernoulli sizes. */
    const struct ota_random_key *key;
    int64_t begin_us; /* of the rollout, since time 0: for the calendar */
    int64_t end_us;   /* of the run, since the begin of the rollout */
};

struct ota_campaign;

/* Returns a campaign, or NULL with *error set. policy is borrowed. */
struct ota_campaign *ota_campaign_new(const struct ota_policy *policy,
                                      const struct ota_campaign_world *world,
                                      struct ota_error *error);

void ota_campaign_free(struct ota_campaign *campaign);

/* The next instant at which it has something to do of its own accord; 0
 * before it has begun; OTA_NEVER if all depends on reports. */
int64_t ota_campaign_next_us(const struct ota_campaign *campaign);

/*
 * Lives through one instant, no earlier than the last one and no later than
 * ota_campaign_next_us(), with the reports of it in order of device. An instant
 * may be lived through again, with further reports.
 */
void ota_campaign_instant(struct ota_campaign *campaign, int64_t now_us,
                          const struct ota_campaign_report *reports,
                          size_t count);

/* A report of the device comes soon: fetches from memory what is known of it. */
void ota_campaign_expect(const struct ota_campaign *campaign, uint32_t device);

/* Whether memory ran out. It then does nothing more. */
bool ota_campaign_failed(const struct ota_campaign *campaign);

/* The orders given since they were last taken, in order; they are the
 * campaign's and stand until the next call that is given it. */
const struct ota_order *ota_campaign_orders(struct ota_campaign *campaign,
                                            size_t *count);
void ota_campaign_orders_done(struct ota_campaign *campaign);

/* Whether contacts of devices without an offer make a difference now. A
 * contact answered by no order got "nothing for you". */
bool ota_campaign_wants_contacts(const struct ota_campaign *campaign);

/* Whether devices must ask (OTA_REPORT_BEGIN) before they download, at all. */
bool ota_campaign_grants(const struct ota_campaign *campaign);

/* Whether reports can change any order it will give. */
bool ota_campaign_listens(const struct ota_campaign *campaign);

/* Whether it has any use for reports of that kind. */
bool ota_campaign_hears(const struct ota_campaign *campaign,
                        enum ota_report_kind kind);

/* --- what it did --- */

enum ota_wave_state {
    OTA_WAVE_PLANNED,
    OTA_WAVE_OPEN,
    OTA_WAVE_CLOSED, /* offers nothing any more, and is judged no more */
};

struct ota_wave_record {
    const char *name;
    int64_t size; /* devices in it, or for those that poll its quota */
    int64_t opened_us, closed_us; /* OTA_NEVER */
    int64_t complete_us;          /* all members terminal */
    struct ota_counts counts;
};

/* Instants are OTA_NEVER if they did not come. */
struct ota_campaign_record {
    struct ota_counts counts; /* of the rollout */
    bool stopped;             /* by a rule: stop, rollback */
    bool halted;     /* or a pause or a wait for approval that a rule began */
    int64_t stop_us; /* when the first such stop or halt was decided */
    int64_t effective_us; /* when the last order of it was given */
    int64_t rule;         /* which rule did it, from 0; -1: none, or a wave's */
    int64_t finished_us;  /* all waves were through */
    int64_t paused_us;    /* time without new offers, waiting for a person */
    int64_t approvals;    /* by a person: approvals, resumes, skips, retries */
    int64_t in_flight_peak;
    int64_t egress_peak_bytes_per_s; /* of all downloads together, where they
                                      * share capacity; the fleet's; else -1 */
    int64_t offers;
    int64_t reoffers; /* of them to devices that were offered before */
    size_t wave_count;
    const struct ota_wave_record *waves; /* the campaign's */
};

void ota_campaign_result(const struct ota_campaign *campaign,
                         struct ota_campaign_record *record);

#endif
