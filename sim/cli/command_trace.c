/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_trace.c - `otasim trace`: what happened to a device.
 *
 * Listening does not change a run, so a run can be made again to listen more
 * closely: with --why, a first one tells how the devices end, and the same
 * once more what the chosen ones went through.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/firmware/catalog.h"
#include "output/files.h"
#include "sim/base/clock.h"
#include "sim/base/text.h"
#include "sim/cli/options.h"
#include "sim/cli/progress.h"
#include "sim/otasim.h"

/* One `otasim trace`. */
struct tracing {
    const struct ota_options *options;
    const struct ota_scenario *scenario;
    uint64_t devices;          /* of all groups */
    bool wanted[OTA_OUTCOMES]; /* by --why */
    struct ota_progress progress;
    int64_t runs, runs_done;
    struct ota_trace_logs logs;
};

/* --- which devices --- */

static bool is_updated(int outcome)
{
    return outcome == OTA_OUTCOME_UPDATED_CONFIRMED ||
           outcome == OTA_OUTCOME_UPDATED_UNREPORTED;
}

/* Marks the outcomes that word stands for; false, having said so, if it
 * stands for none. */
static bool choose_outcomes(struct tracing *tracing, const char *word)
{
    const bool failed = strcmp(word, "failed") == 0;
    const char *words[OTA_OUTCOMES + 1];
    bool any = false;

    for (int i = 0; i < OTA_OUTCOMES; i++) {
        words[i] = ota_outcome_names[i];
        tracing->wanted[i] = failed
                                 ? !is_updated(i)
                                 : strncmp(words[i], word, strlen(word)) == 0;
        any = any || tracing->wanted[i];
    }
    words[OTA_OUTCOMES] = "failed";
    if (!any)
        ota_unknown("outcome", word, words, OTA_OUTCOMES + 1,
                    ota_command_find("trace"));
    return any;
}

static enum ota_exit check_options(struct tracing *tracing)
{
    const struct ota_options *options = tracing->options;

    if (options->why && options->device_given)
        return ota_misuse(options->command, "--why",
                          "it does not go with --device");
    if (options->limit && !options->why)
        return ota_misuse(options->command, "--limit", "it goes with --why");
    if (options->why && !choose_outcomes(tracing, options->why))
        return OTA_EXIT_MISUSE;
    return OTA_EXIT_OK;
}

static enum ota_exit check_device(const struct tracing *tracing)
{
    if ((uint64_t)tracing->options->device < tracing->devices)
        return OTA_EXIT_OK;
    fprintf(stderr,
            "otasim: --device: there is no device %lld; the scenario has "
            "devices 0 to %llu\n",
            (long long)tracing->options->device,
            (unsigned long long)tracing->devices - 1);
    return OTA_EXIT_MISUSE;
}

/* --- running --- */

/* Runs the replication with that observer; says why if it did not end. */
static enum ota_exit run(struct tracing *tracing,
                         const struct ota_observer *observer)
{
    struct ota_error error = {0};
    const struct ota_experiment_options options = {
        .seed = tracing->scenario->run.seed,
        .replications = 1,
        .threads = ota_threads(tracing->options),
        .confidence = tracing->scenario->run.confidence,
        .keep_going = ota_progress_keep_going,
        .context = &tracing->progress,
    };

    switch (ota_experiment_listen(&tracing->scenario->fleet, &options,
                                  tracing->options->replication, observer,
                                  &error)) {
    case OTA_EXPERIMENT_DONE:
        ota_progress_done(&tracing->progress, ++tracing->runs_done,
                          tracing->runs);
        return OTA_EXIT_OK;
    case OTA_EXPERIMENT_STOPPED:
        ota_progress_clear(&tracing->progress);
        return ota_failed("interrupted; nothing was written");
    case OTA_EXPERIMENT_FAILED:
        break;
    }
    ota_progress_clear(&tracing->progress);
    return ota_failed(error.message);
}

/* --- the first run: how the devices end --- */

static void note_outcome(void *self, const struct ota_observation *seen)
{
    unsigned char *outcomes = self;

    outcomes[seen->device] = (unsigned char)seen->record->outcome;
}

static bool add_log(struct tracing *tracing, uint64_t device)
{
    const size_t count = tracing->logs.count;
    struct ota_trace_log *logs =
        realloc(tracing->logs.logs, (count + 1) * sizeof(*logs));

    if (!logs)
        return false;
    logs[count] = (struct ota_trace_log){.device = device};
    tracing->logs.logs = logs;
    tracing->logs.count = count + 1;
    return true;
}

static enum ota_exit say_none(const struct tracing *tracing,
                              const unsigned char *outcomes)
{
    uint64_t counts[OTA_OUTCOMES] = {0};
    const char *separator = " ";

    ota_progress_clear(&tracing->progress);
    for (uint64_t d = 0; d < tracing->devices; d++)
        counts[outcomes[d]]++;
    fprintf(stderr, "otasim: no device of replication %lld ended so: %s; all:",
            (long long)tracing->options->replication, tracing->options->why);
    for (int i = 0; i < OTA_OUTCOMES; i++) {
        if (counts[i] == 0)
            continue;
        fprintf(stderr, "%s%llu %s", separator, (unsigned long long)counts[i],
                ota_outcome_names[i]);
        separator = ", ";
    }
    fputc('\n', stderr);
    return OTA_EXIT_FAILED;
}

static enum ota_exit choose_by_outcome(struct tracing *tracing)
{
    const size_t limit =
        tracing->options->limit > 0 ? (size_t)tracing->options->limit : 1;
    unsigned char *outcomes = calloc(tracing->devices, 1);
    const struct ota_observer observer = {
        .wants = UINT32_C(1) << OTA_SEEN_FINAL,
        .observe = note_outcome,
        .self = outcomes,
    };

    if (!outcomes)
        return ota_failed(OTA_NO_MEMORY);
    enum ota_exit status = run(tracing, &observer);
    for (uint64_t d = 0; status == OTA_EXIT_OK && d < tracing->devices &&
                         tracing->logs.count < limit;
         d++)
        if (tracing->wanted[outcomes[d]] && !add_log(tracing, d))
            status = ota_failed(OTA_NO_MEMORY);
    if (status == OTA_EXIT_OK && tracing->logs.count == 0)
        status = say_none(tracing, outcomes);
    free(outcomes);
    return status;
}

static enum ota_exit choose_devices(struct tracing *tracing)
{
    if (tracing->options->why)
        return choose_by_outcome(tracing);
    return add_log(tracing, (uint64_t)tracing->options->device)
               ? OTA_EXIT_OK
               : ota_failed(OTA_NO_MEMORY);
}

/* --- writing --- */

static const struct ota_group *group_of(const struct ota_fleet_config *fleet,
                                        uint64_t device)
{
    const struct ota_group *group = fleet->groups;

    for (; device >= (uint64_t)group->count; group++)
        device -= (uint64_t)group->count;
    return group;
}

static void name_module(const struct ota_path_step *step,
                        struct ota_trace_module *module)
{
    char slot[3];

    ota_slot_to_text(step->module.slot, slot);
    snprintf(module->name, sizeof(module->name), "%s %d", slot,
             (int)step->module.version);
    if (step->with.size_bytes > 0) {
        ota_slot_to_text(step->with.slot, slot);
        ota_text_append(module->name, sizeof(module->name), " + %s %d", slot,
                        (int)step->with.version);
    }
    module->size_bytes = step->image_bytes;
    module->compressed = step->compressed;
}

/* Describes a device; modules has room for OTA_PATH_STEPS_MAX. */
static struct ota_trace_device describe(const struct tracing *tracing,
                                        struct ota_trace_log *log,
                                        struct ota_trace_module *modules)
{
    const struct ota_group *group =
        group_of(&tracing->scenario->fleet, log->device);
    const struct ota_variant *variant =
        &group->variants[log->count > 0 ? log->events[0].seen.variant : 0];

    ota_trace_sort(log);
    for (size_t i = 0; i < variant->path.count; i++)
        name_module(&variant->path.steps[i], &modules[i]);
    return (struct ota_trace_device){
        .log = log,
        .group = group->name,
        .platform = group->platform,
        .os = variant->os,
        .product = group->product,
        .modules = modules,
        .module_count = variant->path.count,
    };
}

static enum ota_exit cannot_write(const char *path, int reason)
{
    fprintf(stderr, "otasim: cannot write %s: %s\n", path,
            reason ? strerror(reason) : "write error");
    return OTA_EXIT_FAILED;
}

/* Writes the trace to that path. Returns 0, or why it could not. */
static int write_to(const struct ota_trace *trace,
                    const struct ota_options *options, const char *path)
{
    errno = 0;
    FILE *file = fopen(path, "w");
    if (!file)
        return errno;
    ota_trace_write(trace, options->format, file);
    const bool bad = fflush(file) != 0 || ferror(file);
    int reason = bad ? (errno ? errno : EIO) : 0;
    if (fclose(file) != 0 && !reason)
        reason = errno;
    return reason;
}

/* Complete, or what was there before: written beside and renamed. What is no
 * plain file, such as a pipe, is written to as it is. */
static enum ota_exit write_file(const struct ota_trace *trace,
                                const struct ota_options *options)
{
    const char *path = options->out;
    struct ota_error error = {0};
    struct stat status;

    if (!ota_files_make_parents(path, &error))
        return ota_failed(error.message);
    int reason;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        reason = write_to(trace, options, path);
    } else {
        const size_t size = strlen(path) + sizeof(".partial");
        char *beside = malloc(size);
        if (!beside)
            return ota_failed(OTA_NO_MEMORY);
        snprintf(beside, size, "%s.partial", path);
        reason = write_to(trace, options, beside);
        if (!reason && rename(beside, path) != 0)
            reason = errno;
        if (reason)
            unlink(beside);
        free(beside);
    }
    return reason ? cannot_write(path, reason) : OTA_EXIT_OK;
}

/* Better known before a long run than after it. */
static enum ota_exit check_file(const char *path)
{
    struct ota_error error = {0};
    struct stat status;

    if (stat(path, &status) != 0) {
        if (errno != ENOENT)
            return cannot_write(path, errno);
        return ota_files_may_make(path, &error) ? OTA_EXIT_OK
                                                : ota_failed(error.message);
    }
    if (S_ISDIR(status.st_mode))
        return cannot_write(path, EISDIR);
    return access(path, W_OK) == 0 ? OTA_EXIT_OK : cannot_write(path, errno);
}

static enum ota_exit write_trace(struct tracing *tracing,
                                 const struct ota_trace_device *devices)
{
    const struct ota_scenario *scenario = tracing->scenario;
    const struct ota_options *options = tracing->options;
    const struct ota_trace trace = {
        .scenario = scenario->name,
        .version = OTASIM_VERSION,
        .seed = scenario->run.seed,
        .replication = (uint64_t)options->replication,
        .release_us = scenario->release.at_us,
        .app_version =
            scenario->release.app_bytes > 0 ? scenario->release.app_version : 0,
        .needs_os = scenario->release.needs_os,
        .devices = devices,
        .device_count = tracing->logs.count,
    };

    if (options->out)
        return write_file(&trace, options);
    /* A reader may take its time: an interrupt ends it from here on. */
    ota_progress_end(&tracing->progress);
    ota_trace_write(&trace, options->format, stdout); /* main() looks at it */
    return OTA_EXIT_OK;
}

static enum ota_exit describe_all(struct tracing *tracing)
{
    const size_t count = tracing->logs.count;
    struct ota_trace_device *devices = calloc(count, sizeof(*devices));
    struct ota_trace_module *modules =
        calloc(count, OTA_PATH_STEPS_MAX * sizeof(*modules));
    bool complete = devices && modules;

    for (size_t i = 0; i < count; i++)
        complete = complete && !tracing->logs.logs[i].no_memory;
    for (size_t i = 0; complete && i < count; i++)
        devices[i] = describe(tracing, &tracing->logs.logs[i],
                              &modules[i * OTA_PATH_STEPS_MAX]);
    const enum ota_exit status =
        complete ? write_trace(tracing, devices)
                 : ota_failed(OTA_NO_MEMORY " for the trace");
    free(modules);
    free(devices);
    return status;
}

static enum ota_exit trace(struct tracing *tracing)
{
    const struct ota_scenario *scenario = tracing->scenario;
    const double device_days = (double)tracing->devices *
                               (double)scenario->run.horizon_us /
                               (double)OTA_US_PER_DAY;

    tracing->runs = tracing->options->why ? 2 : 1;
    ota_progress_start(&tracing->progress,
                       !tracing->options->quiet && isatty(STDERR_FILENO),
                       device_days, tracing->runs);
    enum ota_exit status = choose_devices(tracing);
    if (status == OTA_EXIT_OK) {
        const struct ota_observer observer = ota_trace_observer(&tracing->logs);
        status = run(tracing, &observer);
    }
    if (status == OTA_EXIT_OK) {
        ota_progress_clear(&tracing->progress);
        status = describe_all(tracing);
    }
    ota_progress_end(&tracing->progress);
    for (size_t i = 0; i < tracing->logs.count; i++)
        ota_trace_release(&tracing->logs.logs[i]);
    free(tracing->logs.logs);
    return status;
}

enum ota_exit ota_command_trace(const struct ota_options *options)
{
    struct ota_complaints complaints = {0};
    struct ota_scenario scenario;
    struct tracing tracing = {.options = options, .scenario = &scenario};

    enum ota_exit status = check_options(&tracing);
    if (status != OTA_EXIT_OK)
        return status;
    if (!ota_scenario_read(&scenario, options->operands[0], options->settings,
                           options->setting_count, &complaints))
        return ota_refuse(&complaints);
    tracing.devices = (uint64_t)ota_fleet_config_devices(&scenario.fleet);
    status = check_device(&tracing);
    if (status == OTA_EXIT_OK && options->out)
        status = check_file(options->out);
    if (status == OTA_EXIT_OK)
        status = trace(&tracing);
    ota_scenario_release(&scenario);
    return status;
}
