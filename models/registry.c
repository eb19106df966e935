/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * registry.c - every kind of model.
 */
#include "models/registry.h"

#include <string.h>

#include "models/app/app.h"
#include "models/battery/battery.h"
#include "models/delivery/delivery.h"
#include "models/firmware/firmware.h"
#include "models/link/link.h"
#include "models/plan/plan.h"
#include "models/presence/presence.h"
#include "models/session/session.h"
#include "models/sleep/sleep.h"
#include "models/transfer/transfer.h"

/* Defines KIND_at(): the head of the i-th model in ota_KIND_models. Each kind
 * has a struct of its own, so one function cannot walk all tables. */
#define DEFINE_AT(kind)                                                        \
    static const struct ota_model *kind##_at(size_t i)                         \
    {                                                                          \
        for (size_t j = 0; ota_##kind##_models[j]; j++)                        \
            if (j == i)                                                        \
                return &ota_##kind##_models[j]->model;                         \
        return NULL;                                                           \
    }

DEFINE_AT(presence)
DEFINE_AT(sleep)
DEFINE_AT(link)
DEFINE_AT(session)
DEFINE_AT(app)
DEFINE_AT(transfer)
DEFINE_AT(firmware)
DEFINE_AT(plan)
DEFINE_AT(battery)
DEFINE_AT(delivery)

const struct ota_kind ota_kinds[] = {
    {"presence", "when a device is switched on at all", "always", presence_at},
    {"sleep", "when a device wakes", NULL, sleep_at},
    {"link", "how long attaching and round trips take, what is lost", "radio",
     link_at},
    {"session", "what a connect costs, and whether it is a full handshake",
     "dtls", session_at},
    {"app", "what the app does in a wake, how long it waits for an update",
     "fixed", app_at},
    {"transfer", "how a module gets to the device, chunk by chunk", "device_os",
     transfer_at},
    {"firmware", "what happens to a module once it is on the device", "modular",
     firmware_at},
    {"plan", "what data costs, and what happens at the cap", "unlimited",
     plan_at},
    {"battery", "what a device draws in each state, and how long that lasts",
     "mains", battery_at},
    {"delivery", "when the cloud begins an update on a device it reaches",
     "at_handshake", delivery_at},
    {NULL, NULL, NULL, NULL},
};

const struct ota_kind *ota_kind_find(const char *name)
{
    for (const struct ota_kind *kind = ota_kinds; kind->name; kind++)
        if (strcmp(kind->name, name) == 0)
            return kind;
    return NULL;
}

int ota_kind_model_index(const struct ota_kind *kind, const char *name)
{
    const struct ota_model *model;

    for (int i = 0; (model = kind->at((size_t)i)); i++)
        if (strcmp(model->name, name) == 0)
            return i;
    return -1;
}
