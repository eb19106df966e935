/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * app_session_clear.c - an app that now and then throws its session away
 * before it connects, so that the cloud sees a handshake and offers what it
 * has; it then stays for that. See app.c for when.
 *
 * It is due until a full handshake has worked: a wake in which none did
 * clears again, which costs nothing as there is no session. A handshake that
 * comes by itself once it is due serves as well.
 */
#include "models/app/app.h"

#include "models/app/app_common.h"

static struct ota_app_rhythm
rhythm_of(const struct ota_app_session_clear_config *config)
{
    return (struct ota_app_rhythm){config->every_us, config->every_wakes};
}

static void session_clear_start(const void *config, int64_t *memory,
                                gsl_rng *rng)
{
    ota_app_rhythm_start(rhythm_of(config), memory, rng);
}

static bool session_clear_clears(const void *config, int64_t now_us,
                                 int64_t wake_count, int64_t *memory)
{
    return ota_app_rhythm_due(rhythm_of(config), now_us, wake_count, *memory);
}

static struct ota_app_wait session_clear_wait(const void *opaque,
                                              const struct ota_app_view *view,
                                              int64_t *memory, gsl_rng *rng)
{
    const struct ota_app_session_clear_config *config = opaque;
    const struct ota_app_rhythm rhythm = rhythm_of(config);

    (void)rng;
    /* Not a resume during which it became due. */
    if (!view->full ||
        !ota_app_rhythm_due(rhythm, view->now_us, view->wake_count, *memory))
        return (struct ota_app_wait){.wait_us = config->wait_us};
    ota_app_rhythm_note(rhythm, view->now_us, view->wake_count, memory);
    return (struct ota_app_wait){.wait_us = config->long_wait_us};
}

static const char *session_clear_problem(const void *opaque)
{
    const struct ota_app_session_clear_config *config = opaque;

    if (config->long_wait_us < config->wait_us)
        return "long_wait is shorter than wait; it must be at least as long";
    return NULL;
}

static const struct ota_field session_clear_fields[] = {
    OTA_APP_COMMON_FIELDS(struct ota_app_session_clear_config),
    OTA_APP_WAIT_FIELD(struct ota_app_session_clear_config),
    OTA_APP_TIME_FIELD(struct ota_app_session_clear_config, "long_wait",
                       long_wait_us, "30s",
                       "how long it stays after it cleared the session",
                       "community.particle.io/t/41651: updates begin within 3 "
                       "to 20 s, plan for 10 to 30 s"),
    OTA_APP_RHYTHM_FIELDS(struct ota_app_session_clear_config,
                          "clearings of the session"),
    {.name = NULL},
};

const struct ota_app_model ota_app_session_clear = {
    .model =
        {
            .name = "session_clear",
            .summary = "drops its session once in a while to force a "
                       "handshake, and stays for what it brings",
            .source = "docs.particle.io, CloudDisconnectOptions: "
                      "clearSession(); community.particle.io/t/41651",
            .config_size = sizeof(struct ota_app_session_clear_config),
            .fields = session_clear_fields,
            .problem = session_clear_problem,
        },
    .start = session_clear_start,
    .clears = session_clear_clears,
    .wait = session_clear_wait,
};
