/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * commands.c - the table of commands.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "sim/cli/options.h"

const struct ota_command ota_commands[] = {
    {
        .name = "run",
        .operands = "SCENARIO",
        .operands_least = 1,
        .operands_most = 1,
        .summary = "simulate a scenario, print the answer, write the results",
        .about =
            "Results go to a folder that is complete or absent: summary.json,\n"
            "devices.csv, timeline.csv, results.sqlite, scenario.json,\n"
            "manifest.json, plots/. The same scenario and seed give the same\n"
            "bytes. With --out none there is the answer alone.\n"
            "\n"
            "--precision MEASURE=WIDTH replicates until half of the measure's\n"
            "interval is no wider: success_rate=0.5% (percentage points),\n"
            "charge=2% (of the mean; of a share 2%rel), time_to_90=2h. The\n"
            "interval holds for having been looked at again and again.\n",
        .ranked = true,
        .run = ota_command_run,
    },
    {
        .name = "sweep",
        .operands = "SCENARIO",
        .operands_least = 1,
        .operands_most = 1,
        .summary = "a grid or a Latin hypercube of settings, with intervals",
        .about =
            "Runs the scenario at every value of each --vary with every "
            "other,\n"
            "and tells each measure with its interval:\n"
            "\n"
            "  otasim sweep scenarios/starter/electron-hourly.json \\\n"
            "      --vary app.wait=5s..15s:6 --vary sleep.period=15min,1h,6h\n"
            "\n"
            "PATH is as for --set. 5s..15s:6 are 6 values, evenly spaced;\n"
            "1%..10%:5log are 5, each the same factor from the last; a list\n"
            "may also hold words, distributions, presets. With --lhs 50 there\n"
            "are 50 points, spread over ranges without a number (5s..15s).\n"
            "--kpi charge --kpi 'updated_within(7d)' shows other measures;\n"
            "all are in the files whichever are shown.\n"
            "\n"
            "All points have the same seed, and so the same luck. Results go\n"
            "to results/<scenario>-sweep: sweep.csv, results.sqlite, plots/,\n"
            "scenario.json, manifest.json. Values that are there already, of\n"
            "a sweep that was interrupted or had fewer points, are not\n"
            "simulated again.\n",
        .ranked = true,
        .run = ota_command_sweep,
    },
    {
        .name = "compare",
        .operands = "SCENARIO [FILE]...",
        .operands_least = 1,
        .operands_most = SIZE_MAX,
        .summary = "variants against the scenario, paired, with verdicts",
        .about =
            "Each FILE, behind --with or the scenario, is a variant: a patch\n"
            "(only what is to be otherwise: {\"app\": {\"wait\": \"20s\"}}), "
            "a\n"
            "policy, or another scenario. All have the scenario's seed, --set\n"
            "and replications. Those of one number have the same luck, and it\n"
            "is their differences that count.\n"
            "\n"
            "  otasim compare mine.json --with wait-20s.json\n"
            "  otasim compare mine.json --with policies/*.json --kpi cost\n"
            "  otasim compare old.json new.json --kpi 'updated_within(7d)'\n"
            "\n"
            "The intervals of all differences shown hold together. There is a\n"
            "verdict when an interval leaves 0 out; else it says how many "
            "more\n"
            "replications would tell, and given again with more --reps only\n"
            "these are simulated. --kpi chooses what is compared (`otasim\n"
            "models kpi`); each measure makes the other intervals a bit "
            "wider.\n"
            "--precision replicates until half the interval of each "
            "difference\n"
            "is no wider: success_rate=0.5% (points), bytes=2% (of the base).\n"
            "Results go to results/<scenario>-compare: compare.csv, plots/,\n"
            "variants/, results.sqlite, scenario.json, manifest.json.\n",
        .ranked = true,
        .run = ota_command_compare,
    },
    {
        .name = "tune",
        .operands = "SCENARIO",
        .operands_least = 1,
        .operands_most = 1,
        .summary = "the cheapest setting that meets a goal",
        .about =
            "  otasim tune mine.json --vary app.wait=5s..120s \\\n"
            "      --goal 'updated_within(7d) >= 99%' --minimise charge\n"
            "  otasim tune mine.json --vary app.wait=5s..60s \\\n"
            "      --vary sleep.period=15min,1h,6h --goal 'time_to_99 <= 5d' "
            "\\\n"
            "      --goal 'bytes <= 1.2MB' --minimise charge\n"
            "\n"
            "--vary gives a range, or a list of numbers or words; several "
            "span\n"
            "all their mixes. Goals are about means: of `otasim models kpi`,\n"
            "in its units. Without a goal the best of all is sought.\n"
            "\n"
            "A setting is chosen when its goals are shown to hold, with the\n"
            "scenario's run.confidence, by replications that the search had "
            "not\n"
            "seen. All have the same luck, and points that are shown to be\n"
            "worse get no more replications; --budget limits them. The answer\n"
            "has the neighbours and the settings that nothing beats in "
            "success,\n"
            "charge and data. Results go to results/<scenario>-tune: "
            "tune.csv,\n"
            "results.sqlite, scenario.json, manifest.json, plots/. "
            "Interrupted,\n"
            "it goes on from there when given again.\n",
        .ranked = true,
        .run = ota_command_tune,
    },
    {
        .name = "estimate",
        .operands = "[SCENARIO]",
        .operands_most = 1,
        .summary = "the path of an update, bytes, minutes, money; in a moment",
        .about =
            "Of a scenario, or of a device alone:\n"
            "  otasim estimate scenarios/starter/electron-hourly.json\n"
            "  otasim estimate --platform electron --from 0.6.0 --to 0.7.0 \\\n"
            "      --app 21KB --link 3g\n"
            "For each group and each firmware in it: the modules in the order\n"
            "in which they are sent, with safe mode and reboots; bytes, time\n"
            "online and charge of one device, at best and expected under the\n"
            "link's losses; the share of the plan, and its overage; how long\n"
            "an app must wait after connecting. Closed forms, no simulation:\n"
            "a device that stays awake until it is through. What is assumed,\n"
            "left out or not known is said.\n"
            "\n"
            "--to is the Device OS that the app needs, or that is sent alone\n"
            "without --app. What flags leave open comes from presets, each\n"
            "told; --set changes it. A release may be given by how its name\n"
            "begins, if no other one does.\n",
        .run = ota_command_estimate,
    },
    {
        .name = "merge",
        .operands = "PART...",
        .operands_least = 1,
        .operands_most = SIZE_MAX,
        .missing = "name the files that --part wrote",
        .summary = "put together what --part wrote, to the bytes of one run",
        .about =
            "A command that takes --part can be cut into pieces that know\n"
            "nothing of each other: jobs of a cluster, machines, evenings.\n"
            "  otasim sweep SCENARIO --vary app.wait=5s..120s:12 --part 1/3\n"
            "and 2/3 and 3/3, in any order, write\n"
            "  results/SCENARIO-sweep.part-1-of-3, ...\n"
            "each of which goes on where it was interrupted if its command is\n"
            "given again. With all of them in one place,\n"
            "  otasim merge results/SCENARIO-sweep.part-*-of-3\n"
            "answers and writes what the command would have without --part, "
            "to\n"
            "the byte. It goes by the command line that the parts note, and\n"
            "reads the scenario's files again: they must be as they were.\n",
        .run = ota_command_merge,
    },
    {
        .name = "gates",
        .operands = "SCENARIO",
        .operands_least = 1,
        .operands_most = 1,
        .summary = "gate errors: good releases stopped, bad ones missed",
        .about =
            "How often the rules of the rollout are wrong. Runs the scenario\n"
            "over --reps seeds twice: with a release that is good on every\n"
            "device, and with its own, which must be bad on some (image.fate,\n"
            "image.bad). Failures of other kinds come from the scenario and\n"
            "are in both.\n"
            "\n"
            "A rule stops a release when it acts by stop, rollback, pause or\n"
            "approve. Nothing is written but the answer.\n",
        .ranked = true,
        .run = ota_command_gates,
    },
    {
        .name = "trace",
        .operands = "SCENARIO",
        .operands_least = 1,
        .operands_most = 1,
        .summary = "show what happens to one device, event after event",
        .about =
            "Runs one replication and prints the timeline of a device, in the\n"
            "words of the platform's event stream where it has any. Devices\n"
            "are numbered from 0 over all groups, as in devices.csv, which is\n"
            "of replication 0.\n"
            "\n"
            "With --why, the devices are the first that ended so. WORD is an\n"
            "outcome, the begin of some (waiting), or failed: all that are "
            "not\n"
            "updated. `otasim models kpi` lists outcomes. If no device ended\n"
            "so, nothing is written and the exit status is 1.\n"
            "\n"
            "Formats: text, a line an event; ndjson, a JSON object an event;\n"
            "chrome, for https://ui.perfetto.dev and chrome://tracing. Text\n"
            "leaves out phases, the stretches of time at a constant current.\n"
            "Idle stretches are one event; --idle step shows each wake in "
            "them.\n",
        .run = ota_command_trace,
    },
    {
        .name = "check",
        .operands = "SCENARIO",
        .operands_least = 1,
        .operands_most = 1,
        .summary = "say what is wrong with a scenario, or what it holds",
        .about = "With --json, print it with every default filled in.\n",
        .run = ota_command_check,
    },
    {
        .name = "models",
        .operands = "[KIND [NAME]]",
        .operands_most = 2,
        .summary = "the reference: every model and field of a scenario",
        .about =
            "KIND is a kind of model, a section of a scenario, or one of\n"
            "  values   how amounts, shares and distributions are written\n"
            "  catalog  the platforms and releases that the program knows\n"
            "  presets  settings of models that go by a name\n"
            "  kpi      the numbers that a run is judged by, and outcomes\n",
        .run = ota_command_models,
    },
    {
        .name = "import",
        .operands = "PLATFORM FILE",
        .operands_least = 2,
        .operands_most = 2,
        .missing = "it takes a PLATFORM and a FILE",
        .summary = "turn a platform's rollout configuration into a policy",
        .about =
            "FILE is what the platform itself is sent, as JSON:\n"
            "  aws        AWS IoT: CreateJob, CreateOTAUpdate, a job template\n"
            "  hawkbit    Eclipse hawkBit: POST /rest/v1/rollouts\n"
            "  mender     Mender: a deployment, with keys of mender.conf\n"
            "  nerveshub  NervesHub: a deployment group, a staged workflow\n"
            "  flightctl  Flight Control: rolloutPolicy and updatePolicy\n"
            "  adu        Azure Device Update: a deployment\n"
            "\n"
            "The policy is for `otasim run SCENARIO --policy`. On standard\n"
            "error stand the approximations made, and each field that made no\n"
            "difference or is unknown. What cannot be said in a policy, or\n"
            "what the platform would refuse, ends with exit status 3.\n",
        .more = ota_help_readings,
        .run = ota_command_import,
    },
    {
        .name = "help",
        .operands = "[COMMAND]",
        .operands_most = 1,
        .summary = "this text, or more of one command",
        .about = "",
        .run = ota_command_help,
    },
    {.name = NULL},
};

const struct ota_command *ota_command_find(const char *name)
{
    for (const struct ota_command *command = ota_commands; command->name;
         command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

const struct ota_command *ota_command_named(const char *name)
{
    const char *names[16];
    size_t count = 0;

    const struct ota_command *found = ota_command_find(name);
    if (found)
        return found;
    for (const struct ota_command *c = ota_commands; c->name; c++) {
        assert(count < sizeof(names) / sizeof(names[0]));
        names[count++] = c->name;
    }
    ota_unknown("command", name, names, count, NULL);
    return NULL;
}
