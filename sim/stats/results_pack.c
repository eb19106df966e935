/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results_pack.c - results, word by word.
 *
 * Every number is a word of 64 bits, the lowest byte first. One walk over the
 * results serves both ways, so that what is read is what was written: at each
 * word it is put onto the tape, or taken from it. In front stand a version and
 * how long the lists of fixed length are; at the end is a hash of all before
 * (FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv), which no change of a
 * single byte leaves as it was. Lengths are compared with what is left before
 * there is memory for them.
 */
#include "sim/stats/results_pack.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t magic = UINT64_C(0x0002746c7372746f); /* "otrslt", 2 */

enum { WORD = 8 };

/* Where the walk is. */
struct tape {
    unsigned char *bytes; /* NULL: they are counted */
    size_t size;          /* of what there is to read */
    size_t at;
    bool reading;
    bool bad; /* what is read makes no sense */
    bool no_memory;
};

static void word(struct tape *tape, uint64_t *value)
{
    unsigned char *byte = tape->bytes ? tape->bytes + tape->at : NULL;

    if (tape->reading) {
        if (tape->bad || tape->size - tape->at < WORD) {
            tape->bad = true;
            *value = 0;
            return;
        }
        *value = 0;
        for (int b = WORD - 1; b >= 0; b--)
            *value = *value << 8 | byte[b];
    } else if (byte) {
        for (int b = 0; b < WORD; b++)
            byte[b] = (unsigned char)(*value >> 8 * b & 0xff);
    }
    tape->at += WORD;
}

static void integer(struct tape *tape, int64_t *value)
{
    uint64_t bits = (uint64_t)*value;

    word(tape, &bits);
    *value = (int64_t)bits;
}

static void integers(struct tape *tape, int64_t *values, size_t count)
{
    for (size_t i = 0; i < count && !tape->bad; i++)
        integer(tape, &values[i]);
}

static void number(struct tape *tape, double *value)
{
    uint64_t bits;

    memcpy(&bits, value, sizeof(bits));
    word(tape, &bits);
    memcpy(value, &bits, sizeof(bits));
}

static void flag(struct tape *tape, bool *value)
{
    uint64_t bits = *value;

    word(tape, &bits);
    tape->bad = tape->bad || bits > 1;
    *value = bits == 1;
}

/* The length of a list whose items take at least so many bytes each. */
static void length(struct tape *tape, size_t *count, size_t each)
{
    uint64_t bits = *count;

    word(tape, &bits);
    if (tape->reading && bits > (tape->size - tape->at) / each)
        tape->bad = true;
    *count = tape->bad ? 0 : (size_t)bits;
}

/* What must be the same on both sides. */
static void constant(struct tape *tape, uint64_t value)
{
    uint64_t bits = value;

    word(tape, &bits);
    tape->bad = tape->bad || bits != value;
}

/* Memory for a list that is to be read; one that is written has it. The length
 * has been looked at, so that it cannot be too much. */
static void *list(struct tape *tape, void *items, size_t count, size_t each)
{
    if (!tape->reading)
        return items;
    if (tape->bad || count == 0)
        return NULL;
    items = calloc(count, each);
    tape->no_memory = tape->no_memory || !items;
    tape->bad = tape->bad || !items;
    return items;
}

static void text(struct tape *tape, char *bytes, size_t size)
{
    if (tape->bad || (tape->reading && tape->size - tape->at < size)) {
        tape->bad = true;
        return;
    }
    if (tape->reading)
        memcpy(bytes, tape->bytes + tape->at, size);
    else if (tape->bytes)
        memcpy(tape->bytes + tape->at, bytes, size);
    tape->at += size;
}

/* --- the walk --- */

static void walk_group(struct tape *tape, struct ota_group_results *group)
{
    integer(tape, &group->devices);
    tape->bad = tape->bad || group->devices < 0;
    integers(tape, group->outcomes, OTA_OUTCOMES);
    for (size_t k = 0; k < OTA_KPIS; k++)
        number(tape, &group->kpi[k]);
}

static void walk_groups(struct tape *tape, struct ota_results *results)
{
    size_t count = 1 + results->group_count;

    length(tape, &count, (1 + OTA_OUTCOMES + OTA_KPIS) * WORD);
    tape->bad = tape->bad || count == 0;
    results->groups =
        list(tape, results->groups, count, sizeof(*results->groups));
    for (size_t g = 0; g < count && !tape->bad; g++)
        walk_group(tape, &results->groups[g]);
    results->group_count = tape->bad ? 0 : count - 1;
}

/* Either all or none. */
static void walk_ends(struct tape *tape, struct ota_results *results)
{
    const size_t all = (1 + results->group_count) * OTA_KPIS;
    size_t count = results->ends ? all : 0;

    length(tape, &count, 2 * (size_t)WORD);
    tape->bad = tape->bad || (count != 0 && count != all);
    results->ends = list(tape, results->ends, count, sizeof(*results->ends));
    for (size_t i = 0; i < count && !tape->bad; i++) {
        number(tape, &results->ends[i].lo);
        number(tape, &results->ends[i].hi);
    }
}

static void walk_timeline(struct tape *tape, struct ota_timeline *timeline)
{
    integer(tape, &timeline->step_us);
    length(tape, &timeline->instants, (size_t)OTA_STATES * WORD);
    timeline->changes =
        list(tape, timeline->changes, timeline->instants * OTA_STATES,
             sizeof(*timeline->changes));
    integers(tape, timeline->changes, timeline->instants * OTA_STATES);
}

static void walk_histogram(struct tape *tape, struct ota_histogram *histogram)
{
    integer(tape, &histogram->count);
    integer(tape, &histogram->zeros);
    integers(tape, histogram->bins, OTA_HISTOGRAM_BINS);
}

static void walk_within(struct tape *tape, struct ota_results *results)
{
    const size_t groups = 1 + results->group_count;

    length(tape, &results->within_count,
           (1 + groups * (size_t)OTA_WITHINS) * WORD);
    const size_t times = results->within_count;
    results->within_us =
        list(tape, results->within_us, times, sizeof(*results->within_us));
    results->within = list(tape, results->within, groups * times * OTA_WITHINS,
                           sizeof(*results->within));
    integers(tape, results->within_us, times);
    integers(tape, results->within, groups * times * OTA_WITHINS);
}

static void walk_counts(struct tape *tape, struct ota_counts *counts)
{
    integers(tape, counts->kept, OTA_COUNTERS_KEPT);
    integer(tape, &counts->unoffered);
    integer(tape, &counts->repeats);
}

static void walk_wave(struct tape *tape, struct ota_wave_record *wave)
{
    integer(tape, &wave->size);
    integer(tape, &wave->opened_us);
    integer(tape, &wave->closed_us);
    integer(tape, &wave->complete_us);
    walk_counts(tape, &wave->counts);
}

/* Names stand behind all waves, in the same piece of memory when read, each
 * with its end. */
static void walk_names(struct tape *tape, struct ota_wave_record *waves,
                       size_t count, size_t size)
{
    char *name = (char *)(waves + count);

    if (!tape->reading) {
        for (size_t w = 0; w < count; w++)
            text(tape, (char *)waves[w].name, strlen(waves[w].name) + 1);
        return;
    }
    text(tape, name, size);
    const char *end = name + size;
    for (size_t w = 0; w < count && !tape->bad; w++) {
        const char *nul = memchr(name, '\0', (size_t)(end - name));
        tape->bad = !nul;
        waves[w].name = name;
        name += nul ? (size_t)(nul - name) + 1 : 0;
    }
    tape->bad = tape->bad || name != end;
}

static void walk_waves(struct tape *tape, struct ota_campaign_record *campaign)
{
    struct ota_wave_record *waves = (struct ota_wave_record *)campaign->waves;
    size_t count = campaign->wave_count;
    size_t names = 0;

    for (size_t w = 0; w < count && !tape->reading; w++)
        names += strlen(waves[w].name) + 1;
    length(tape, &count, (4 + OTA_COUNTERS_KEPT + 2) * WORD);
    length(tape, &names, 1);
    tape->bad = tape->bad || (count == 0 && names > 0);
    if (tape->bad || count == 0)
        return;
    waves = list(tape, waves, count * sizeof(*waves) + names, 1);
    for (size_t w = 0; w < count && !tape->bad; w++)
        walk_wave(tape, &waves[w]);
    if (waves)
        walk_names(tape, waves, count, names);
    campaign->waves = waves;
    campaign->wave_count = count;
}

static void walk_campaign(struct tape *tape,
                          struct ota_campaign_record *campaign)
{
    walk_counts(tape, &campaign->counts);
    flag(tape, &campaign->stopped);
    flag(tape, &campaign->halted);
    integer(tape, &campaign->stop_us);
    integer(tape, &campaign->effective_us);
    integer(tape, &campaign->rule);
    integer(tape, &campaign->finished_us);
    integer(tape, &campaign->paused_us);
    integer(tape, &campaign->approvals);
    integer(tape, &campaign->in_flight_peak);
    integer(tape, &campaign->egress_peak_bytes_per_s);
    integer(tape, &campaign->offers);
    integer(tape, &campaign->reoffers);
    walk_waves(tape, campaign);
}

static void walk(struct tape *tape, struct ota_results *results)
{
    constant(tape, magic);
    constant(tape, OTA_OUTCOMES);
    constant(tape, OTA_KPIS);
    constant(tape, OTA_STATES);
    constant(tape, OTA_HISTOGRAM_BINS);
    constant(tape, OTA_WITHINS);
    constant(tape, OTA_COUNTERS_KEPT);
    if (tape->bad)
        return;
    walk_groups(tape, results);
    walk_ends(tape, results);
    walk_timeline(tape, &results->timeline);
    walk_histogram(tape, &results->bytes);
    flag(tape, &results->staged);
    walk_within(tape, results);
    walk_campaign(tape, &results->campaign);
}

static uint64_t hash_of(const unsigned char *bytes, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

bool ota_results_pack(const struct ota_results *results, void **bytes,
                      size_t *size, struct ota_error *error)
{
    struct ota_results shown = *results; /* its lists are only looked at */
    struct tape tape = {.bytes = NULL};

    walk(&tape, &shown);
    *size = tape.at + WORD;
    *bytes = malloc(*size);
    if (!*bytes)
        return ota_fail(error, OTA_NO_MEMORY " for results");
    tape = (struct tape){.bytes = *bytes};
    walk(&tape, &shown);
    uint64_t hash = hash_of(*bytes, tape.at);
    word(&tape, &hash);
    return true;
}

bool ota_results_unpack(struct ota_results *results, const void *bytes,
                        size_t size, struct ota_error *error)
{
    struct tape tape = {
        .bytes = (unsigned char *)bytes,
        .size = size < WORD ? 0 : size - WORD,
        .reading = true,
    };
    struct ota_results read = {.groups = NULL};

    walk(&tape, &read);
    tape.bad = tape.bad || tape.at != tape.size;
    if (!tape.bad) {
        tape.size = size;
        constant(&tape, hash_of(bytes, tape.at));
    }
    if (tape.bad)
        ota_results_release(&read);
    *results = read;
    if (tape.no_memory)
        return ota_fail(error, OTA_NO_MEMORY " for results");
    return !tape.bad ||
           ota_fail(error, "results of a replication are damaged, or of "
                           "another version of otasim");
}
