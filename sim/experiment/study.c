/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study.c - points and their values.
 *
 * A point is known by its scenario as text with every default filled in; two
 * ways to write one are one point. The text is kept and the scenario itself is
 * not: it is read again where it is worked on (study_work.c).
 */
#include "sim/experiment/study.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_errno.h>

#include "sim/base/grow.h"
#include "sim/base/text.h"
#include "sim/base/units.h"
#include "sim/experiment/study_state.h"
#include "sim/stats/kpi.h"

/* --- measures --- */

/* The place of a name that is known already, or of one more. */
static size_t name_place(const struct ota_study *study, const char *name)
{
    size_t place = 0;

    while (place < study->measure_count &&
           strcmp(study->measures[place].name, name) != 0)
        place++;
    return place;
}

/* Those of groups are understood when the first scenario is there. */
static void add_name(struct ota_study *study, const char *text)
{
    struct ota_measure measure;
    char problem[OTA_MESSAGE_SIZE];

    const bool read =
        ota_measure_read(&measure, text, NULL, 0, problem, sizeof(problem));
    const size_t place = name_place(study, read ? measure.name : text);
    if (place < study->measure_count)
        return;
    struct ota_study_measure_name *added = &study->measures[place];
    snprintf(added->name, sizeof(added->name), "%s",
             read ? measure.name : text);
    added->read = read;
    study->names[place] = added->name;
    study->measure_count++;
}

struct ota_study *ota_study_open(const char *const *measures,
                                 size_t measure_count,
                                 const struct ota_study_options *options,
                                 struct ota_error *error)
{
    const size_t most = measure_count + OTA_KPIS + OTA_OUTCOMES;
    struct ota_study *study = calloc(1, sizeof(*study));

    assert(options->threads >= 1);
    gsl_set_error_handler_off();
    if (study) {
        study->options = *options;
        study->measures = calloc(most, sizeof(*study->measures));
        study->names = calloc(most, sizeof(*study->names));
    }
    if (!study || !study->measures || !study->names) {
        ota_fail(error, OTA_NO_MEMORY);
        ota_study_close(study);
        return NULL;
    }
    for (size_t m = 0; m < measure_count; m++)
        add_name(study, measures[m]);
    for (int k = 0; k < OTA_KPIS; k++)
        add_name(study, ota_kpis[k].name);
    for (int o = 0; o < OTA_OUTCOMES; o++)
        add_name(study, ota_outcome_names[o]);
    return study;
}

/* --- points --- */

/* The scenario as text; what is in files that it names shows as a comment
 * behind it. NULL without memory. */
static char *identify(const struct ota_scenario *scenario)
{
    char *json = ota_scenario_to_json(scenario, 0);
    char files[64];

    if (!json || scenario->arena.files == 0)
        return json;
    const int length = snprintf(files, sizeof(files), "// its files: %016llx\n",
                                (unsigned long long)scenario->arena.files);
    const size_t size = strlen(json) + (size_t)length + 1;
    char *more = realloc(json, size);
    if (more)
        strcat(more, files);
    else
        free(json);
    return more;
}

char *ota_study_identity(struct ota_scenario *scenario)
{
    const struct ota_run_config run = scenario->run;
    const char *title = scenario->title;

    scenario->title = "";
    scenario->run.seed = 0;
    scenario->run.replications = 1;
    scenario->run.confidence = 0.95;
    char *json = identify(scenario);
    scenario->title = title;
    scenario->run = run;
    return json;
}

bool ota_study_read(const struct ota_point *point,
                    struct ota_scenario *scenario, char **json,
                    struct ota_complaints *complaints)
{
    if (!ota_scenario_read(scenario, point->file, point->settings,
                           point->setting_count, complaints))
        return false;
    *json = ota_study_identity(scenario);
    if (*json)
        return true;
    const struct ota_place place = {.file = point->file};
    ota_complain(complaints, &place, OTA_NO_MEMORY);
    ota_scenario_release(scenario);
    return false;
}

static bool complain_memory(const struct ota_study_scenario *point,
                            struct ota_complaints *complaints)
{
    const struct ota_place place = {.file = point->point.file};

    ota_complain(complaints, &place, OTA_NO_MEMORY);
    return false;
}

static void release_point(struct ota_study_scenario *point)
{
    free(point->json);
    free(point->name);
    free(point->measures);
    free(point->facts);
    free(point->within_us);
    free(point->values);
    free(point->there);
}

/* What is after the end of the run nobody knows. */
static bool is_too_late(const struct ota_measure *measure,
                        const struct ota_fleet_config *fleet,
                        const struct ota_place *place,
                        struct ota_complaints *complaints)
{
    const int64_t ends_us = fleet->horizon_us - fleet->release_us;
    char ends[48];

    if (measure->kind != OTA_MEASURE_WITHIN || measure->within_us <= ends_us)
        return false;
    ota_amount_format(OTA_TIME, (double)ends_us, ends, sizeof(ends));
    ota_complain(complaints, place,
                 "\"%s\": the run ends %s after the release; a longer "
                 "run.horizon would tell",
                 measure->name, ends);
    return true;
}

/* Reads each measure for the groups of this scenario. */
static bool read_measures(struct ota_study *study,
                          struct ota_study_scenario *point,
                          const struct ota_fleet_config *fleet,
                          const char *const *groups,
                          struct ota_complaints *complaints)
{
    const struct ota_place place = {.file = point->point.file};
    char problem[OTA_MESSAGE_SIZE];

    for (size_t m = 0; m < study->measure_count; m++) {
        struct ota_measure *measure = &point->measures[m];
        struct ota_study_measure_name *name = &study->measures[m];

        if (!ota_measure_read(measure, name->name, groups, fleet->group_count,
                              problem, sizeof(problem))) {
            ota_complain(complaints, &place, "%s", problem);
            return false;
        }
        if (is_too_late(measure, fleet, &place, complaints))
            return false;
        if (!name->read)
            snprintf(name->name, sizeof(name->name), "%s", measure->name);
        name->read = true;
        point->facts[m] = (struct ota_measure_facts){
            .devices = measure->group > 0
                           ? fleet->groups[measure->group - 1].count
                           : point->devices,
            .staged = point->staged,
        };
    }
    point->within_count = ota_measure_times(
        point->measures, study->measure_count, point->within_us);
    return true;
}

/* Names of groups are read as those of the first scenario. */
static bool keep_groups(struct ota_study *study,
                        const struct ota_fleet_config *fleet)
{
    study->groups = calloc(fleet->group_count, sizeof(*study->groups));
    for (size_t g = 0; study->groups && g < fleet->group_count; g++) {
        study->groups[g] = strdup(fleet->groups[g].name);
        if (!study->groups[g])
            return false;
        study->group_count++;
    }
    return study->groups != NULL;
}

/* Fills in what is to be known of the scenario. */
static bool describe(struct ota_study *study, struct ota_study_scenario *point,
                     const struct ota_scenario *scenario,
                     struct ota_complaints *complaints)
{
    const struct ota_fleet_config *fleet = &scenario->fleet;
    const char **groups = calloc(fleet->group_count, sizeof(*groups));

    point->devices = ota_fleet_config_devices(fleet);
    point->staged = ota_fleet_config_couples(fleet);
    point->seed = scenario->run.seed;
    point->confidence = scenario->run.confidence;
    point->asked = scenario->run.replications;
    point->name = strdup(scenario->name);
    point->measures = calloc(study->measure_count, sizeof(*point->measures));
    point->facts = calloc(study->measure_count, sizeof(*point->facts));
    point->within_us = calloc(study->measure_count, sizeof(*point->within_us));
    bool good = groups && point->name && point->measures && point->facts &&
                point->within_us;
    if (!good) {
        complain_memory(point, complaints);
    } else {
        for (size_t g = 0; g < fleet->group_count; g++)
            groups[g] = fleet->groups[g].name;
        good = read_measures(study, point, fleet, groups, complaints);
        if (good && !study->groups && !keep_groups(study, fleet))
            good = complain_memory(point, complaints);
    }
    free(groups);
    return good;
}

/* The point of the same scenario and seed, or one more. */
static size_t same_point(const struct ota_study *study,
                         const struct ota_study_scenario *point)
{
    size_t p = 0;

    for (; p < study->point_count; p++) {
        const struct ota_study_scenario *other = &study->points[p];
        if (other->hash == point->hash && other->seed == point->seed &&
            strcmp(other->json, point->json) == 0)
            break;
    }
    return p;
}

bool ota_study_add(struct ota_study *study, const struct ota_point *point,
                   size_t *number, struct ota_complaints *complaints,
                   struct ota_error *error)
{
    struct ota_study_scenario added = {.point = *point};
    struct ota_scenario scenario;

    if (!ota_study_read(point, &scenario, &added.json, complaints))
        return false;
    added.hash = ota_text_hash(added.json);
    added.seed = scenario.run.seed;
    *number = same_point(study, &added);
    bool good = true;
    if (*number == study->point_count) {
        void *points = ota_grow(study->points, study->point_count,
                                &study->point_room, 16, sizeof(added));
        if (points) {
            study->points = points;
            good = describe(study, &added, &scenario, complaints);
        } else {
            good = ota_fail(error, OTA_NO_MEMORY " for %zu points",
                            study->point_count + 1);
        }
        if (good) {
            study->points[study->point_count++] = added;
            added = (struct ota_study_scenario){0};
        }
    }
    ota_scenario_release(&scenario);
    release_point(&added);
    return good;
}

void ota_study_close(struct ota_study *study)
{
    if (!study)
        return;
    for (size_t p = 0; p < study->point_count; p++)
        release_point(&study->points[p]);
    for (size_t g = 0; g < study->group_count; g++)
        free(study->groups[g]);
    free(study->groups);
    free(study->points);
    free(study->fresh);
    free(study->names);
    free(study->measures);
    free(study);
}

/* --- what is known --- */

size_t ota_study_points(const struct ota_study *study)
{
    return study->point_count;
}

static const struct ota_study_scenario *point_of(const struct ota_study *study,
                                                 size_t point)
{
    assert(point < study->point_count);
    return &study->points[point];
}

struct ota_study_point ota_study_point(const struct ota_study *study,
                                       size_t point)
{
    const struct ota_study_scenario *own = point_of(study, point);
    int64_t there = 0;

    while (there < own->room && own->there[there])
        there++;
    return (struct ota_study_point){
        .scenario_json = own->json,
        .name = own->name,
        .devices = own->devices,
        .staged = own->staged,
        .replications = there,
        .confidence = own->confidence,
        .seed = own->seed,
        .wanted = own->asked,
    };
}

size_t ota_study_measures(const struct ota_study *study)
{
    return study->measure_count;
}

const char *ota_study_measure_name(const struct ota_study *study, size_t place)
{
    assert(place < study->measure_count);
    return study->measures[place].name;
}

const struct ota_measure *ota_study_measure(const struct ota_study *study,
                                            size_t point, size_t place)
{
    assert(place < study->measure_count);
    return &point_of(study, point)->measures[place];
}

const struct ota_measure_facts *ota_study_facts(const struct ota_study *study,
                                                size_t point, size_t place)
{
    assert(place < study->measure_count);
    return &point_of(study, point)->facts[place];
}

/* The values of a measure, replication by replication. */
static const double *column(const struct ota_study *study, size_t point,
                            size_t measure, int64_t replications)
{
    const struct ota_study_scenario *own = point_of(study, point);

    assert(measure < study->measure_count && replications <= own->room);
    return own->values + (int64_t)measure * own->room;
}

double ota_study_value(const struct ota_study *study, size_t point,
                       size_t measure, int64_t replication)
{
    assert(study->points[point].there[replication]);
    return column(study, point, measure, replication + 1)[replication];
}

struct ota_estimate ota_study_estimate(const struct ota_study *study,
                                       size_t point, size_t measure,
                                       int64_t replications, double confidence)
{
    return ota_study_estimate_from(study, point, measure, 0, replications,
                                   confidence);
}

struct ota_estimate ota_study_estimate_from(const struct ota_study *study,
                                            size_t point, size_t measure,
                                            int64_t first, int64_t count,
                                            double confidence)
{
    const struct ota_study_scenario *own = point_of(study, point);

    return ota_measure_estimate(&own->measures[measure], &own->facts[measure],
                                column(study, point, measure, first + count) +
                                    first,
                                (size_t)count, confidence);
}

struct ota_paired ota_study_paired(const struct ota_study *study, size_t point,
                                   size_t base, size_t measure,
                                   int64_t replications, double confidence)
{
    return ota_interval_paired(column(study, point, measure, replications),
                               column(study, base, measure, replications),
                               replications, confidence);
}

bool ota_study_place(const struct ota_study *study, const char *name,
                     size_t *place)
{
    struct ota_measure measure;
    char problem[OTA_MESSAGE_SIZE];

    *place = name_place(study, name);
    if (*place == study->measure_count &&
        ota_measure_read(&measure, name, (const char *const *)study->groups,
                         study->group_count, problem, sizeof(problem)))
        *place = name_place(study, measure.name);
    return *place < study->measure_count;
}

void ota_study_work(const struct ota_study *study, int64_t *simulated,
                    int64_t *found)
{
    *simulated = study->simulated;
    *found = study->found;
}
