/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_check_order.c - rules that never act, as one before them ends the
 * rollout whenever they are true.
 *
 * The first true rule of a list acts, and nothing acts behind a stop, a
 * rollback or a finish. So a later rule is dead if what it asks for implies all
 * that the earlier one asks for. Looked through is what people write: the same
 * condition again, or the same share or counter with another limit; the
 * earlier rule may need no minimum, no hold and no window that the later one
 * has not.
 */
#include <string.h>

#include "sim/scenario/policy_read.h"

static bool ends_it(enum ota_action_kind kind)
{
    return kind == OTA_DO_STOP || kind == OTA_DO_ROLLBACK ||
           kind == OTA_DO_FINISH;
}

/* Whether all that compares so with the later limit compares so with the
 * earlier one. */
static bool limit_implies(enum ota_compare later_op, int64_t later,
                          enum ota_compare earlier_op, int64_t earlier)
{
    const bool ups = (later_op == OTA_AT_LEAST || later_op == OTA_MORE) &&
                     (earlier_op == OTA_AT_LEAST || earlier_op == OTA_MORE);
    const bool downs = (later_op == OTA_AT_MOST || later_op == OTA_LESS) &&
                       (earlier_op == OTA_AT_MOST || earlier_op == OTA_LESS);

    if (later == earlier)
        return later_op == earlier_op || (ups && earlier_op == OTA_AT_LEAST) ||
               (downs && earlier_op == OTA_AT_MOST);
    return (ups && later > earlier) || (downs && later < earlier);
}

static bool implies(const struct ota_condition *later,
                    const struct ota_condition *earlier);

static bool parts_imply(const struct ota_condition *later,
                        const struct ota_condition *earlier)
{
    if (later->part_count != earlier->part_count)
        return false;
    for (size_t i = 0; i < later->part_count; i++)
        if (!implies(&later->parts[i], &earlier->parts[i]))
            return false;
    return true;
}

static bool implies(const struct ota_condition *later,
                    const struct ota_condition *earlier)
{
    if (later->kind != earlier->kind)
        return false;
    switch (later->kind) {
    case OTA_IF_SHARE:
        return later->counter == earlier->counter && later->of == earlier->of &&
               limit_implies(later->op, later->pct, earlier->op, earlier->pct);
    case OTA_IF_COUNT:
        return later->counter == earlier->counter &&
               limit_implies(later->op, later->n, earlier->op, earlier->n);
    case OTA_IF_AGE:
        return later->age_of == earlier->age_of &&
               limit_implies(later->op, later->age_us, earlier->op,
                             earlier->age_us);
    case OTA_IF_ALL:
    case OTA_IF_ANY:
        return parts_imply(later, earlier);
    case OTA_IF_COMPLETE:
        return true;
    case OTA_IF_SPRT: /* which remembers, and decides once */
    case OTA_IF_NOT:
        return false;
    }
    return false;
}

/* Whether one of the rule's minimums is the same or more. */
static bool has_minimum(const struct ota_rule *rule,
                        const struct ota_minimum *minimum)
{
    for (size_t i = 0; i < rule->minimum_count; i++)
        if (rule->minimums[i].counter == minimum->counter &&
            rule->minimums[i].n >= minimum->n)
            return true;
    return false;
}

static bool is_dead_behind(const struct ota_rule *later,
                           const struct ota_rule *earlier)
{
    if (!ends_it(earlier->action.kind) || earlier->scope != later->scope ||
        earlier->hold_us > later->hold_us ||
        earlier->window_last != later->window_last ||
        earlier->window_us != later->window_us ||
        !implies(&later->when, &earlier->when))
        return false;
    for (size_t i = 0; i < earlier->minimum_count; i++)
        if (!has_minimum(later, &earlier->minimums[i]))
            return false;
    return true;
}

bool ota_policy_check_order(const struct ota_policy_judge *judge,
                            const struct ota_rules *rules,
                            const struct ota_json *at)
{
    bool ok = true;
    for (size_t i = 0; i < rules->count; i++)
        for (size_t e = 0; e < i; e++) {
            if (!is_dead_behind(&rules->list[i], &rules->list[e]))
                continue;
            ok = ota_bind_complain(
                judge->reader->binder, ota_policy_at(at, "list.%zu", i),
                "never acts: whenever it is true, list[%zu] is true before it "
                "and does \"%s\"; put this one first, or leave it out",
                e, ota_action_words[rules->list[e].action.kind]);
            break;
        }
    return ok;
}
