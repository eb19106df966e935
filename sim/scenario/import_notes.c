/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import_notes.c - what platforms leave open, and how it is read.
 *
 * Where a platform's own documents disagree, the reading that its code or its
 * developers' guide supports goes first.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario/import_parts.h"

const struct ota_approximation ota_approximations[] = {
    [OTA_START_IS_RELEASE] = {"start-is-release",
                              {NULL},
                              {"the file's earliest date is the release"}},
    [OTA_AWS_MINUTE_GRAIN] = {"aws-minute-grain",
                              {"smooth", "period"},
                              {"notifications go out evenly within a minute",
                               "a minute's notifications go out at its begin"}},
    [OTA_AWS_ABORT_DENOMINATOR] =
        {"aws-abort-denominator",
         {"executed", "offered"},
         {"the least number of things counts those that have finished, as the "
          "developer guide says",
          "the least number of things counts those that were notified, as the "
          "API reference says"}},
    [OTA_AWS_ABORT_INSTANT] =
        {"aws-abort-instant",
         {"outcome", "minute"},
         {"abort criteria are looked at whenever a thing reports its outcome",
          "abort criteria are looked at every minute"}},
    [OTA_AWS_ABORT_TIE] =
        {"aws-abort-tie",
         {"at_least", "more"},
         {"a percentage that just reaches the threshold aborts, as the "
          "developer guide says",
          "only a percentage over the threshold aborts, as Greengrass says"}},
    [OTA_AWS_EITHER_CRITERION] =
        {"aws-either-criterion",
         {"either", "notified", "succeeded"},
         {"the rate grows with whichever number reaches its next multiple "
          "first",
          "the rate grows with the things notified; the other number is not "
          "used",
          "the rate grows with the things that succeeded; the other number is "
          "not used"}},
    [OTA_AWS_RETRY_NOW] = {"aws-retry-now",
                           {"now", "next_poll"},
                           {"a retry is offered at once",
                            "a retry is offered when the thing next connects"}},
    [OTA_AWS_WINDOW_TAIL] =
        {"aws-window-tail",
         {NULL},
         {"what was notified in a maintenance window goes on after its end"}},
    [OTA_AWS_END_BEHAVIOR] =
        {"aws-end-behavior",
         {NULL},
         {"endBehavior is read as CancelJob does it: STOP_ROLLOUT ends the "
          "notifications, CANCEL also takes back what is queued, FORCE_CANCEL "
          "also what has begun"}},
    [OTA_MQTT_BLOCK_LATENCY] =
        {"mqtt-block-latency",
         {NULL},
         {"a file that comes in blocks over MQTT takes a round trip a block: "
          "the scenario's \"transfer\" must say so"}},
    [OTA_HB_UNORDERED] =
        {"hb-unordered",
         {"created", "random"},
         {"groups are filled in the order in which devices were made (the "
          "platform asks its database for none)",
          "groups are filled at random (the platform asks its database for no "
          "order)"}},
    [OTA_HB_DOWNLOAD_ONLY] =
        {"hb-download-only",
         {NULL},
         {"devices install what they have downloaded; the platform would count "
          "the download as success"}},
    [OTA_HB_ASK] =
        {"hb-ask",
         {NULL},
         {"soft, timeforced and confirmed updates ask at the device: it says "
          "yes at once, or when forced within the time left, evenly; see "
          "device.accept"}},
    [OTA_HB_HUMAN] =
        {"hb-human",
         {"resume", "nobody"},
         {"a person resumes a paused rollout after 8 hours, once (ours)",
          "nobody resumes a paused rollout"}},
    [OTA_HB_START] = {"hb-start",
                      {NULL},
                      {"no startAt: a person starts it, at the release"}},
    [OTA_MENDER_QUOTA_CARRY] =
        {"mender-quota-carry",
         {"no", "yes"},
         {"what a phase leaves of its quota is lost to the next ones",
          "what a phase leaves of its quota is the next one's"}},
    [OTA_MENDER_RETRY_NEXT_POLL] =
        {"mender-retry-next-poll",
         {"next_poll", "now"},
         {"a retry is offered when the device next polls",
          "a retry is offered at once"}},
    [OTA_MENDER_PAUSE_POINT] =
        {"mender-pause-point",
         {NULL},
         {"each pause of the update control map is one before the "
          "installation, for 4 hours (ours)"}},
    [OTA_MENDER_DOWNLOAD_RETRY] =
        {"mender-download-retry",
         {NULL},
         {"how often a broken download is taken up again is the scenario's "
          "\"transfer\" to say, not the policy's"}},
    [OTA_NH_SLOT_RACE] =
        {"nh-slot-race",
         {NULL},
         {"concurrent_updates is never overshot; the platform's may be for a "
          "moment"}},
    [OTA_NH_HUMAN] =
        {"nh-human",
         {NULL},
         {"a person approves, or retries a failed step, after 4 hours and "
          "skips a step after 7 days (ours); see operator"}},
    [OTA_NH_PULL_DELAY] =
        {"nh-pull-delay",
         {NULL},
         {"devices that manage their updates ask once an hour (ours), and "
          "again an hour after they were told busy"}},
    [OTA_NH_VERSION] =
        {"nh-version",
         {NULL},
         {"conditions on the firmware's version look at \"os\", what was "
          "installed at time 0"}},
    [OTA_NH_MATCH_LIMIT] =
        {"nh-match-limit",
         {"10", "none"},
         {"matching_conditions without match_limit claim 10 devices, the "
          "default of the platform's data type",
          "matching_conditions without match_limit claim all that match, as "
          "the platform's schema describes it"}},
    [OTA_NH_CATCH_ALL] =
        {"nh-catch-all",
         {NULL},
         {"a workflow without catch_all ends with one, 10 devices at a time"}},
    [OTA_FC_UNORDERED] =
        {"fc-unordered",
         {"random", "id"},
         {"a batch picks its devices at random",
          "a batch picks its devices in the order of their numbers"}},
    [OTA_FC_EMPTY_BATCH] =
        {"fc-empty-batch",
         {NULL},
         {"a batch without devices passes; the platform looks at the report of "
          "the batch before again"}},
    [OTA_FC_GRACE] =
        {"fc-grace",
         {NULL},
         {"startGraceDuration is how long a window is open; without it, a "
          "minute"}},
    [OTA_FC_HUMAN] =
        {"fc-human",
         {NULL},
         {"a person lets a suspended rollout go on after 4 hours (ours); see "
          "operator"}},
    [OTA_ADU_AND] = {"adu-and",
                     {"and", "or"},
                     {"a rollback takes both the count and the percentage",
                      "a rollback takes either the count or the percentage"}},
    [OTA_ADU_DENOMINATOR] =
        {"adu-denominator",
         {"group", "started", "completed"},
         {"the percentage is of all devices of the group",
          "the percentage is of the devices that have started",
          "the percentage is of the devices that have finished"}},
    [OTA_ADU_VERSION] = {"adu-version",
                         {NULL},
                         {"a rollback goes to what was installed before, "
                          "whichever version the policy names"}},
    [OTA_APPROXIMATIONS] = {NULL, {NULL}, {NULL}},
};

/* Which reading the options ask for; 0: the first. */
static int reading_of(const struct ota_importer *im,
                      const struct ota_approximation *approximation)
{
    int chosen = 0;

    for (size_t i = 0; i < im->options->reading_count; i++) {
        const struct ota_setting *setting = &im->options->readings[i];
        if (strcmp(setting->path, approximation->name) != 0)
            continue;
        for (int r = 0; r < OTA_READINGS_MAX && approximation->readings[r]; r++)
            if (strcmp(approximation->readings[r], setting->value) == 0)
                chosen = r;
    }
    return chosen;
}

static void add_note(struct ota_importer *im, const char *name,
                     const char *meaning)
{
    for (size_t i = 0; i < im->out->note_count; i++)
        if (im->notes[i].name == name)
            return;
    assert(im->out->note_count < OTA_APPROXIMATIONS);
    im->notes[im->out->note_count++] = (struct ota_import_note){name, meaning};
}

int ota_import_approximate(struct ota_importer *im,
                           enum ota_approximation_id id)
{
    const struct ota_approximation *approximation = &ota_approximations[id];
    const int reading = reading_of(im, approximation);

    add_note(im, approximation->name, approximation->meanings[reading]);
    return reading;
}

void ota_import_approximate_so(struct ota_importer *im,
                               enum ota_approximation_id id, const char *format,
                               ...)
{
    char text[OTA_MESSAGE_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    const char *meaning = ota_arena_text(im->arena, text, strlen(text));
    im->no_memory = im->no_memory || !meaning;
    add_note(im, ota_approximations[id].name, meaning ? meaning : "");
}

void ota_import_label(struct ota_importer *im, const char *key)
{
    enum { LABELS_MAX = 64 };

    for (size_t i = 0; i < im->out->label_count; i++)
        if (strcmp(im->labels[i], key) == 0)
            return;
    if (!im->labels)
        im->labels = ota_arena_alloc(im->arena, LABELS_MAX, sizeof(key));
    const char *copy = ota_arena_text(im->arena, key, strlen(key));
    if (!im->labels || !copy)
        im->no_memory = true;
    else if (im->out->label_count < LABELS_MAX)
        im->labels[im->out->label_count++] = copy;
}
