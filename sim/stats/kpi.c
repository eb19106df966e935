/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kpi.c - names, units and meanings of the KPIs.
 */
#include "sim/stats/kpi.h"

const struct ota_kpi_info ota_kpis[OTA_KPIS] = {
    [OTA_KPI_CONFIRMED_SHARE] =
        {"confirmed_share", "1", "confirmed",
         "devices that run the new version and reported it, of all targets",
         OTA_KPI_OF_ALL, 1},
    [OTA_KPI_TIME_TO_50] =
        {"time_to_50", "s", "time to 50 %",
         "from the release until half of all targets were confirmed",
         OTA_KPI_OF_REACHED, -1},
    [OTA_KPI_TIME_TO_90] =
        {"time_to_90", "s", "time to 90 %",
         "from the release until 90 % of all targets were confirmed",
         OTA_KPI_OF_REACHED, -1},
    [OTA_KPI_TIME_TO_99] =
        {"time_to_99", "s", "time to 99 %",
         "from the release until 99 % of all targets were confirmed",
         OTA_KPI_OF_REACHED, -1},
    [OTA_KPI_BEGUN_PER_OFFER] =
        {"begun_per_offer", "1", "offers taken up in time",
         "share of the offers made while the app ran whose transfer began "
         "before the device was gone",
         OTA_KPI_OF_ALL, 1},
    [OTA_KPI_ATTEMPTS] = {"attempts", "1", "transfers begun per device",
                          "transfers begun, all modules, mean of all devices",
                          OTA_KPI_OF_ALL, 0},
    [OTA_KPI_ABORTED] =
        {"aborted", "1", "transfers aborted per device",
         "transfers begun but not completed, mean of all devices",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_BYTES] =
        {"bytes", "B", "data per device",
         "all bytes both ways over the whole run, mean of all devices",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_BYTES_P95] =
        {"bytes_p95", "B", "data per device, p95",
         "all bytes both ways over the whole run, 95 % of devices use no more",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_USEFUL] =
        {"useful", "B", "useful payload per device",
         "payload of modules that took effect, mean of all devices",
         OTA_KPI_OF_ALL, 0},
    [OTA_KPI_USEFUL_P95] =
        {"useful_p95", "B", "useful payload per device, p95",
         "payload of modules that took effect, 95 % of devices use no more",
         OTA_KPI_OF_ALL, 0},
    [OTA_KPI_OVERHEAD] =
        {"overhead", "B", "update overhead per device",
         "headers, answers and sessions for the update, mean of all devices",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_OVERHEAD_P95] =
        {"overhead_p95", "B", "update overhead per device, p95",
         "headers, answers and sessions for the update, 95 % of "
         "devices use no more",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_WASTED] =
        {"wasted", "B", "wasted data per device",
         "chunks lost, repeated or thrown away, mean of all devices",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_WASTED_P95] =
        {"wasted_p95", "B", "wasted data per device, p95",
         "chunks lost, repeated or thrown away, 95 % of devices use no more",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_ROUTINE] =
        {"routine", "B", "routine data per device",
         "what would have been sent without the update, mean of all devices",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_ROUTINE_P95] =
        {"routine_p95", "B", "routine data per device, p95",
         "what would have been sent without the update, 95 % of "
         "devices use no more",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_SIMS_OVER_CAP] =
        {"sims_over_cap", "devices", "SIMs over their cap",
         "SIMs that went over their plan's cap in any billing period",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_OVERAGE] =
        {"overage_cost", "USD", "overage cost",
         "price of the data over the cap, all SIMs and billing periods",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_AWAKE] =
        {"awake_time", "s", "time awake per device",
         "time not asleep over the whole run, mean of all devices",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_AWAKE_P95] =
        {"awake_time_p95", "s", "time awake per device, p95",
         "time not asleep over the whole run, 95 % of devices have no more",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_CHARGE] = {"charge", "mAh", "charge per device",
                        "drawn over the whole run, mean of all devices",
                        OTA_KPI_OF_ALL, -1},
    [OTA_KPI_CHARGE_P95] =
        {"charge_p95", "mAh", "charge per device, p95",
         "drawn over the whole run, 95 % of devices draw no more",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_BATTERIES_EMPTY] =
        {"batteries_empty", "devices", "batteries empty",
         "devices whose battery ran out, updated or not", OTA_KPI_OF_ALL, -1},
    [OTA_KPI_BELIEVED] =
        {"believed", "devices", "believed to be updated",
         "devices that the operator's backend believes to be updated",
         OTA_KPI_OF_ALL, 0},
    [OTA_KPI_BELIEVED_WRONGLY] =
        {"believed_wrongly", "devices", "wrongly believed to be",
         "devices believed to be updated that do not run the release",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_UNBELIEVED] =
        {"unbelieved", "devices", "updated, not known to be",
         "devices that run the release, of which the backend does not know",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_DEFECTIVE] =
        {"defective", "devices", "images that failed",
         "devices on which the release, or applying it, failed", OTA_KPI_OF_ALL,
         -1},
    [OTA_KPI_OFFERED_50] = {"time_to_offered_50", "s", "offered, 50 %",
                            "from the release until the rollout had offered it "
                            "to half of all targets",
                            OTA_KPI_OF_REACHED, -1},
    [OTA_KPI_OFFERED_90] = {"time_to_offered_90", "s", "offered, 90 %",
                            "from the release until the rollout had offered it "
                            "to 90 % of all targets",
                            OTA_KPI_OF_REACHED, -1},
    [OTA_KPI_OFFERED_99] = {"time_to_offered_99", "s", "offered, 99 %",
                            "from the release until the rollout had offered it "
                            "to 99 % of all targets",
                            OTA_KPI_OF_REACHED, -1},
    [OTA_KPI_INSTALLED_50] =
        {"time_to_installed_50", "s", "installed, 50 %",
         "from the release until half of all targets had run the new version",
         OTA_KPI_OF_REACHED, -1},
    [OTA_KPI_INSTALLED_90] =
        {"time_to_installed_90", "s", "installed, 90 %",
         "from the release until 90 % of all targets had run the new version",
         OTA_KPI_OF_REACHED, -1},
    [OTA_KPI_INSTALLED_99] =
        {"time_to_installed_99", "s", "installed, 99 %",
         "from the release until 99 % of all targets had run the new version",
         OTA_KPI_OF_REACHED, -1},
    [OTA_KPI_REACHABLE_50] = {"time_to_reachable_50", "s",
                              "confirmed of the reachable, 50 %",
                              "from the release until half of the targets that "
                              "were ever online were confirmed",
                              OTA_KPI_OF_REACHED, -1},
    [OTA_KPI_REACHABLE_90] = {"time_to_reachable_90", "s",
                              "confirmed of the reachable, 90 %",
                              "from the release until 90 % of the targets that "
                              "were ever online were confirmed",
                              OTA_KPI_OF_REACHED, -1},
    [OTA_KPI_REACHABLE_99] = {"time_to_reachable_99", "s",
                              "confirmed of the reachable, 99 %",
                              "from the release until 99 % of the targets that "
                              "were ever online were confirmed",
                              OTA_KPI_OF_REACHED, -1},
    [OTA_KPI_STOPPED] = {"stopped", "1", "rollout stopped or halted",
                         "share of replications in which a rule stopped, "
                         "paused or held the rollout",
                         OTA_KPI_OF_ALL, 0},
    [OTA_KPI_STOP_TIME] = {"stop_time", "s", "time to a stop",
                           "from the release until a rule stopped or halted "
                           "the rollout, of those stopped",
                           OTA_KPI_OF_THOSE, 0},
    [OTA_KPI_STOP_EFFECT] = {"stop_effective_time", "s",
                             "time to a stop in effect",
                             "from the release until the last order of the "
                             "stop was given, of those stopped",
                             OTA_KPI_OF_THOSE, 0},
    [OTA_KPI_STOP_OFFERED] =
        {"exposed_at_stop_offered", "devices", "offered, at the stop",
         "devices that had been offered the release when the stop was decided",
         OTA_KPI_OF_THOSE, 0},
    [OTA_KPI_STOP_DOWNLOADS] =
        {"exposed_at_stop_downloading", "devices", "downloading, at the stop",
         "devices that were downloading the app when the stop was decided",
         OTA_KPI_OF_THOSE, 0},
    [OTA_KPI_STOP_RUNNING] =
        {"exposed_at_stop_running", "devices", "running it, at the stop",
         "devices that ran the release when the stop was decided",
         OTA_KPI_OF_THOSE, -1},
    [OTA_KPI_EFFECT_RUNNING] = {"exposed_running_at_effect", "devices",
                                "running it, stop in effect",
                                "devices that ran the release when the last "
                                "order of the stop was given",
                                OTA_KPI_OF_THOSE, -1},
    [OTA_KPI_EXPOSED] = {"exposed", "devices", "ran the release",
                         "devices that ran the release at any time",
                         OTA_KPI_OF_ALL, 0},
    [OTA_KPI_EXPOSED_BAD] =
        {"exposed_bad", "devices", "devices it is bad on",
         "devices that ran the release at any time and on which it is bad",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_BAD_TIME] = {"bad_device_hours", "h",
                          "device-hours of a bad image",
                          "hours that the release ran, well or not, on devices "
                          "on which it is bad, up to where one was beyond "
                          "help; all devices",
                          OTA_KPI_OF_ALL, -1},
    [OTA_KPI_BACK_BYTES] =
        {"rollback_bytes", "B", "data for rolling back",
         "bytes both ways for the old image, all devices; part of all bytes",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_BACK_TIME] = {"rollback_time", "s", "time to roll back 99 %",
                           "from the stop until 99 % of the devices that ever "
                           "went back were back",
                           OTA_KPI_OF_THOSE, -1},
    [OTA_KPI_REOFFERS] =
        {"reoffers", "1", "offers made again",
         "offers to devices that had been offered the release before",
         OTA_KPI_OF_ALL, 0},
    [OTA_KPI_IN_FLIGHT_PEAK] = {"in_flight_peak", "devices", "most in flight",
                                "most devices that were offered the release "
                                "and had not come to an end",
                                OTA_KPI_OF_ALL, 0},
    [OTA_KPI_EGRESS_PEAK] =
        {"egress_peak", "B", "most bytes a second",
         "bytes a second of all downloads together, at most; where they share "
         "an egress or uplinks",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_APPROVALS] =
        {"approvals", "1", "steps by a person",
         "approvals, resumes, skipped waves and retries that somebody ordered",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_PAUSED_TIME] =
        {"paused_time", "s", "waited for a person",
         "time without new offers that the rollout waited for somebody",
         OTA_KPI_OF_ALL, -1},
    [OTA_KPI_SITE_VISITS] = {"site_visits", "devices", "devices to visit",
                             "devices that ended bricked, crashing, or with a "
                             "failed image and no battery",
                             OTA_KPI_OF_ALL, -1},
    [OTA_KPI_COST] =
        {"cost", "USD", "cost",
         "overage, site visits, and the time of people, all devices",
         OTA_KPI_OF_ALL, -1},
};
