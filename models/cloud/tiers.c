/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tiers.c - max-min fair sharing by events, in whole numbers.
 *
 * With capacity C and greatest rates r_i the max-min fair rates are
 * min(r_i, L), L such that they sum to C, or no limit if all r_i do not reach
 * C: the downloads with r_i <= L are capped, the others are at the level,
 *     L = (C - sum of the capped r_i) / number at the level.
 * Source: D. Bertsekas, R. Gallager: Data Networks, 2nd ed. 1992, section
 * 6.5.2. With no caps that is processor sharing; L. Kleinrock: Queueing Systems
 * 2, 1976, chapter 4.
 *
 * Downloads of one greatest rate make a tier and get the same at all times:
 * with S(t) what a member would have got since some origin, one that begins at
 * t0 with b bytes ends when S = S(t0) + b, whatever the rates do in between. So
 * a tier is a heap of these targets, and a change of the level moves none of
 * them. Likewise all tiers at the level share one counter V, from which their
 * S differ by constants: the next end at the level is the least target in terms
 * of V. A capped tier's S is r t and a constant: the next end there is the
 * least of known instants. When L passes r the tier, not its members, crosses
 * over; tiers cross in order of r, so the next to cross is at the top of one
 * of two heaps by rate. A begin or an end costs O(log n), and O(log of the
 * number of tiers) for each tier that crosses; none does as long as all are at
 * the level, or none is.
 *
 * Time counts in ticks of 2^-36 us and service in what 1 byte/s yields in a
 * tick, 2^-36 millionths of a byte, so that what a capped tier gets is a whole
 * number. Two things are rounded, both to the benefit of the downloads: V up,
 * and the instant of an end down to a tick. An end so comes too early by less
 * than 1 + 1/L ticks for each event before it (L in bytes/s), never late: where
 * it is a whole microsecond by the mathematics, that is what is told, as long
 * as all of these are less than a microsecond. What flows exceeds the
 * capacity by less than a byte a download as long as the level is below 2^55
 * bytes/s. A download that is capped throughout ends exactly if its rate is
 * not above 2^36 bytes/s, 69 GB/s.
 *
 * Counters are unsigned and wrap; only differences count, and they fit: a
 * download has 2^43 bytes of 2^56 units at most, and times 2^24 downloads that
 * is less than 2^127.
 */
#include "models/cloud/tiers.h"

#include <assert.h>
#include <stdlib.h>

/* --- memory --------------------------------------------------------------- */

void ota_tiers_init(struct ota_tiers *tiers, int64_t capacity)
{
    const struct ota_tier_side empty = {OTA_PAIRING_NONE, OTA_PAIRING_NONE};

    *tiers = (struct ota_tiers){
        .capacity = capacity,
        .sides = {empty, empty},
    };
}

static bool nodes_grow(struct ota_pairing_node **nodes, uint32_t places)
{
    struct ota_pairing_node *more = realloc(*nodes, places * sizeof(*more));

    if (more)
        *nodes = more;
    return more != NULL;
}

/* What has grown when something else cannot is just not used. */
bool ota_tiers_grow(struct ota_tiers *tiers, uint32_t places)
{
    struct ota_tier *more = realloc(tiers->tiers, places * sizeof(*more));
    if (more)
        tiers->tiers = more;
    uint32_t *tier_of = realloc(tiers->tier_of, places * sizeof(*tier_of));
    if (tier_of)
        tiers->tier_of = tier_of;
    return more && tier_of && nodes_grow(&tiers->nodes, places) &&
           nodes_grow(&tiers->end_nodes, places) &&
           nodes_grow(&tiers->rate_nodes, places) &&
           (tiers->rates.size >= places ||
            ota_places_grow(&tiers->rates, places));
}

void ota_tiers_release(struct ota_tiers *tiers)
{
    ota_places_release(&tiers->rates);
    free(tiers->tiers);
    free(tiers->tier_of);
    free(tiers->nodes);
    free(tiers->end_nodes);
    free(tiers->rate_nodes);
}

/* --- what the tiers get --------------------------------------------------- */

/* What those at the level share. */
static ota_i128 level_capacity(const struct ota_tiers *tiers)
{
    return tiers->capacity - tiers->capped_rate;
}

/* V at a tick until which nothing happens. */
static ota_u128 level_at(const struct ota_tiers *tiers, ota_i128 tick)
{
    if (tiers->level_count == 0)
        return tiers->level;

    const ota_i128 units = (tick - tiers->tick) * level_capacity(tiers);
    const ota_i128 count = tiers->level_count;
    return tiers->level + (ota_u128)((units + count - 1) / count);
}

/* What a tier got by a tick until which nothing happens. */
static ota_u128 served(const struct ota_tiers *tiers,
                       const struct ota_tier *tier, ota_i128 tick)
{
    return tier->origin + (tier->at_level
                               ? level_at(tiers, tick)
                               : (ota_u128)tier->rate * (ota_u128)tick);
}

/* How far a tier is from a target, at such a tick. */
static ota_i128 left_units(const struct ota_tiers *tiers,
                           const struct ota_tier *tier, ota_u128 target,
                           ota_i128 tick)
{
    const ota_i128 left = (ota_i128)(target - served(tiers, tier, tick));

    return left > 0 ? left : 0;
}

void ota_tiers_live(struct ota_tiers *tiers, ota_i128 tick)
{
    assert(tick >= tiers->tick);

    tiers->level = level_at(tiers, tick);
    tiers->tick = tick;
}

/* --- tiers and the side that they are on ---------------------------------- */

static void end_expect(struct ota_tiers *tiers, uint32_t place)
{
    const struct ota_tier *tier = &tiers->tiers[place];
    const ota_u128 target = tiers->nodes[tier->first].key;
    struct ota_tier_side *side = &tiers->sides[tier->at_level];
    struct ota_pairing_node *node = &tiers->end_nodes[place];

    if (tier->at_level) {
        node->key = target - tier->origin;
    } else {
        const ota_i128 left = left_units(tiers, tier, target, tiers->tick);
        node->key = (ota_u128)(tiers->tick + left / tier->rate);
    }
    node->tie = (uint64_t)tier->rate;
    side->by_end = ota_pairing_add(tiers->end_nodes, side->by_end, place);
}

static void end_forget(struct ota_tiers *tiers, uint32_t place)
{
    struct ota_tier_side *side = &tiers->sides[tiers->tiers[place].at_level];

    side->by_end = ota_pairing_remove(tiers->end_nodes, side->by_end, place);
}

/* So many downloads more of a tier, or less, are on its side. */
static void side_count(struct ota_tiers *tiers, const struct ota_tier *tier,
                       int64_t more)
{
    if (tier->at_level)
        tiers->level_count = (uint32_t)(tiers->level_count + more);
    else
        tiers->capped_rate += (ota_i128)tier->rate * more;
}

/* Puts a tier, which got so much until now, on a side. */
static void tier_enter(struct ota_tiers *tiers, uint32_t place, bool at_level,
                       ota_u128 got)
{
    struct ota_tier *tier = &tiers->tiers[place];
    struct ota_tier_side *side = &tiers->sides[at_level];
    struct ota_pairing_node *node = &tiers->rate_nodes[place];

    tier->at_level = at_level;
    tier->origin = 0;
    tier->origin = got - served(tiers, tier, tiers->tick);
    node->key = (ota_u128)(at_level ? tier->rate : -tier->rate);
    node->tie = 0;
    side->by_rate = ota_pairing_add(tiers->rate_nodes, side->by_rate, place);
    side_count(tiers, tier, tier->count);
    end_expect(tiers, place);
}

static void tier_leave(struct ota_tiers *tiers, uint32_t place)
{
    const struct ota_tier *tier = &tiers->tiers[place];
    struct ota_tier_side *side = &tiers->sides[tier->at_level];

    side->by_rate = ota_pairing_remove(tiers->rate_nodes, side->by_rate, place);
    side_count(tiers, tier, -(int64_t)tier->count);
    end_forget(tiers, place);
}

/* Lets the next tier cross over from a side. */
static void tier_cross(struct ota_tiers *tiers, bool from_level)
{
    const uint32_t place = tiers->sides[from_level].by_rate;
    const ota_u128 got = served(tiers, &tiers->tiers[place], tiers->tick);

    tier_leave(tiers, place);
    tier_enter(tiers, place, !from_level, got);
}

/* Whether a rate is not above the level, if there is one. */
static bool fits(const struct ota_tiers *tiers, int64_t rate)
{
    return (ota_i128)rate * tiers->level_count <= level_capacity(tiers);
}

/*
 * Makes the rates fair again. The level falls as the fastest of the capped
 * come to it, each time by less than what would make that tier capped again;
 * and it rises as the slowest leave it. So none crosses twice.
 */
static void balance(struct ota_tiers *tiers)
{
    const struct ota_tier_side *capped = &tiers->sides[false];
    const struct ota_tier_side *level = &tiers->sides[true];

    while (capped->by_rate != OTA_PAIRING_NONE &&
           !fits(tiers, tiers->tiers[capped->by_rate].rate))
        tier_cross(tiers, false);
    while (level->by_rate != OTA_PAIRING_NONE &&
           fits(tiers, tiers->tiers[level->by_rate].rate))
        tier_cross(tiers, true);
}

/* --- downloads ------------------------------------------------------------ */

/* A tier begins as capped; balance() looks whether it is. */
static void tier_begin(struct ota_tiers *tiers, uint32_t place, int64_t rate,
                       uint32_t download)
{
    tiers->tiers[place] = (struct ota_tier){
        .rate = rate,
        .count = 1,
        .first = ota_pairing_add(tiers->nodes, OTA_PAIRING_NONE, download),
    };
    tier_enter(tiers, place, false, 0);
}

/* Looks again at when the first download of a tier ends. */
static void end_again(struct ota_tiers *tiers, uint32_t place)
{
    end_forget(tiers, place);
    end_expect(tiers, place);
}

static void tier_join(struct ota_tiers *tiers, uint32_t place,
                      uint32_t download)
{
    struct ota_tier *tier = &tiers->tiers[place];
    const uint32_t first = tier->first;

    tiers->nodes[download].key += served(tiers, tier, tiers->tick);
    tier->count++;
    side_count(tiers, tier, 1);
    tier->first = ota_pairing_add(tiers->nodes, first, download);
    if (tier->first != first)
        end_again(tiers, place);
}

void ota_tiers_add(struct ota_tiers *tiers, uint32_t download, uint64_t id,
                   int64_t rate, int64_t bytes)
{
    uint32_t place = ota_places_find(&tiers->rates, (uint64_t)rate);
    const bool only = place == OTA_PLACE_NONE;

    tiers->nodes[download].key = (ota_u128)bytes * (ota_u128)OTA_UNITS_PER_BYTE;
    tiers->nodes[download].tie = id;
    if (only) {
        place = ota_places_take(&tiers->rates, (uint64_t)rate);
        tier_begin(tiers, place, rate, download);
    } else {
        tier_join(tiers, place, download);
    }
    tiers->tier_of[download] = place;
    balance(tiers);
}

void ota_tiers_remove(struct ota_tiers *tiers, uint32_t download)
{
    const uint32_t place = tiers->tier_of[download];
    struct ota_tier *tier = &tiers->tiers[place];
    const uint32_t first = tier->first;

    tier->first = ota_pairing_remove(tiers->nodes, first, download);
    tier->count--;
    side_count(tiers, tier, -1);
    if (tier->count == 0) {
        tier_leave(tiers, place);
        ota_places_hide(&tiers->rates, place);
        ota_places_give(&tiers->rates, place);
    } else if (tier->first != first) {
        end_again(tiers, place);
    }
    balance(tiers);
}

void ota_tiers_set_capacity(struct ota_tiers *tiers, int64_t capacity)
{
    tiers->capacity = capacity;
    balance(tiers);
}

ota_i128 ota_tiers_left_units(const struct ota_tiers *tiers, uint32_t download,
                              ota_i128 tick)
{
    return left_units(tiers, &tiers->tiers[tiers->tier_of[download]],
                      tiers->nodes[download].key, tick);
}

int64_t ota_tiers_load(const struct ota_tiers *tiers)
{
    return tiers->level_count > 0 ? tiers->capacity
                                  : (int64_t)tiers->capped_rate;
}

/* --- what ends next ------------------------------------------------------- */

static struct ota_tiers_end level_end(const struct ota_tiers *tiers)
{
    const struct ota_tiers_end none = {OTA_PAIRING_NONE, 0};
    const uint32_t place = tiers->sides[true].by_end;

    if (place == OTA_PAIRING_NONE)
        return none;
    const ota_i128 left =
        (ota_i128)(tiers->end_nodes[place].key - tiers->level);
    struct ota_tiers_end end = {tiers->tiers[place].first, tiers->tick};
    if (left > 0 && level_capacity(tiers) == 0)
        return none;
    if (left > 0)
        end.tick += left * tiers->level_count / level_capacity(tiers);
    return end;
}

struct ota_tiers_end ota_tiers_next_end(const struct ota_tiers *tiers)
{
    const struct ota_tiers_end level = level_end(tiers);
    const uint32_t capped = tiers->sides[false].by_end;

    if (capped == OTA_PAIRING_NONE)
        return level;
    const ota_i128 tick = (ota_i128)tiers->end_nodes[capped].key;
    if (level.download != OTA_PAIRING_NONE && level.tick < tick)
        return level;
    return (struct ota_tiers_end){tiers->tiers[capped].first, tick};
}
