/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_people.c - the operator: pauses, approvals, resumes, skips,
 * retries.
 *
 * Whoever is asked answers after a delay of their own, or never. An approval
 * of a wave that is through opens the next; of one that is not, lets it go on
 * and forgives penalties. A resume opens the next wave if it was the last one
 * opened whose rule paused the rollout; that wave is judged no more
 * (eclipse-hawkbit/hawkbit, JpaRolloutManagement.resumeRollout).
 */
#include "sim/fleet/campaign_state.h"

int64_t ota_campaign_person_us(struct ota_campaign *c,
                               const struct ota_dist *dist)
{
    struct ota_stream stream;

    ota_stream_init(&stream, c->world.key, c->world.devices,
                    OTA_PURPOSE_CAMPAIGN, c->people++);
    return ota_dist_draw_us(dist, &stream.rng);
}

/* So many things more wait for a person; 0: nothing does any more. */
void ota_campaign_waits(struct ota_campaign *c, int by)
{
    if (c->waits > 0)
        c->record.paused_us += c->now_us - c->waits_from_us;
    c->waits_from_us = c->now_us;
    c->waits = by == 0 ? 0 : c->waits + by;
    assert(c->waits >= 0);
}

void ota_campaign_pause(struct ota_campaign *c, bool evaluate, size_t wave)
{
    const struct ota_policy_operator *person = &c->policy->operator;

    if (wave != CAMPAIGN_NO_WAVE)
        c->waves[wave].passed = true;
    if (c->paused)
        return;
    c->paused = true;
    c->paused_judged = evaluate;
    c->paused_by = wave;
    c->watches_stale = true;
    ota_campaign_waits(c, 1);
    if (person->resumes && c->resumes < person->resumes_max)
        c->resume_us =
            ota_us_add(c->now_us, ota_campaign_person_us(c, &person->resume));
}

static void resume(struct ota_campaign *c)
{
    c->paused = false;
    c->resume_us = OTA_NEVER;
    c->resumes++;
    c->record.approvals++;
    ota_campaign_waits(c, -1);
    if (c->paused_by != CAMPAIGN_NO_WAVE && c->paused_by + 1 == c->last_opened)
        ota_campaign_wave_next(c, c->paused_by);
    c->waves_stale = c->waves_work = true;
    ota_campaign_all_dirty(c);
}

static int64_t approval_us(struct ota_campaign *c)
{
    const struct ota_policy_operator *person = &c->policy->operator;

    if (!person->approves)
        return OTA_NEVER;
    return ota_us_add(c->now_us, ota_campaign_person_us(c, &person->approve));
}

/* The rollout waits for approval. */
void ota_campaign_hold(struct ota_campaign *c)
{
    if (c->held)
        return;
    c->held = true;
    ota_campaign_waits(c, 1);
    c->approve_us = approval_us(c);
}

void ota_campaign_hold_wave(struct ota_campaign *c, size_t w)
{
    if (c->waves[w].held)
        return;
    ota_campaign_waits(c, 1);
    c->waves[w].approve_us = approval_us(c);
    c->waves_stale = c->waves_work = true;
    ota_campaign_wave_hold(c, w);
}

static void approve(struct ota_campaign *c)
{
    c->held = false;
    c->approve_us = OTA_NEVER;
    c->record.approvals++;
    ota_campaign_waits(c, -1);
    for (uint32_t d = 0; c->penalties && d < c->world.devices; d++)
        if (c->each[d].stage == CAMPAIGN_BLOCKED)
            ota_campaign_unblock(c, d);
    if (c->last_opened > 0 && c->waves[c->last_opened - 1].through)
        ota_campaign_wave_next(c, c->last_opened - 1);
    c->waves_stale = c->waves_work = c->again = true;
}

static void approve_wave(struct ota_campaign *c, size_t w)
{
    struct campaign_wave *wave = &c->waves[w];

    wave->approve_us = OTA_NEVER;
    c->waves_stale = c->waves_work = c->again = true;
    c->record.approvals++;
    ota_campaign_waits(c, -1);
    if (wave->state == OTA_WAVE_PLANNED) {
        ota_campaign_wave_open(c, w);
        return;
    }
    ota_campaign_wave_free(c, w);
    if (c->waves[w].through)
        ota_campaign_wave_next(c, w);
}

/* Whether somebody sees a reason to go on without this wave. */
static bool is_stuck(const struct ota_campaign *c, size_t w)
{
    const struct campaign_wave *wave = &c->waves[w];

    return wave->state == OTA_WAVE_OPEN && !(wave->through && wave->nexted) &&
           ota_campaign_next_exists(c, w);
}

static void skip(struct ota_campaign *c, size_t w)
{
    c->waves[w].skip_us = OTA_NEVER;
    c->waves_stale = c->waves_work = true;
    if (!is_stuck(c, w))
        return;
    c->record.approvals++;
    ota_campaign_wave_close(c, w);
    ota_campaign_wave_next(c, w);
    c->again = true;
}

static void trigger(struct ota_campaign *c, size_t w)
{
    c->waves[w].trigger_us = OTA_NEVER;
    c->waves_stale = c->waves_work = true;
    if (w + 1 != c->last_opened || !ota_campaign_next_exists(c, w))
        return;
    c->record.approvals++;
    ota_campaign_wave_next(c, w);
    c->again = true;
}

static void visit(struct ota_campaign *c, size_t w)
{
    if (c->waves[w].approve_us <= c->now_us)
        approve_wave(c, w);
    if (c->waves[w].skip_us <= c->now_us)
        skip(c, w);
    if (c->waves[w].trigger_us <= c->now_us)
        trigger(c, w);
    if (c->waves[w].retry_us <= c->now_us) {
        c->waves[w].retry_us = OTA_NEVER;
        c->waves_stale = c->waves_work = c->again = true;
        if (c->waves[w].through)
            ota_campaign_wave_retry(c, w);
    }
}

void ota_campaign_people_clock(struct ota_campaign *c)
{
    if (!c->begun || c->ended)
        return;
    if (c->paused && c->resume_us <= c->now_us)
        resume(c);
    if (c->held && c->approve_us <= c->now_us)
        approve(c);
    if (c->paused || c->held || ota_campaign_waves_us(c) > c->now_us)
        return;
    for (size_t w = 0; w < c->wave_count; w++)
        visit(c, w);
}

int64_t ota_campaign_people_us(struct ota_campaign *c)
{
    int64_t next_us = OTA_NEVER;

    if (c->ended)
        return OTA_NEVER;
    if (c->paused)
        next_us = c->resume_us;
    if (c->held)
        next_us = ota_us_min(next_us, c->approve_us);
    return next_us;
}
