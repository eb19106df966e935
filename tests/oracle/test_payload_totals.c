/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_payload_totals.c - what known upgrades weigh, to the byte.
 *
 * Totals were added up by hand from the sizes of the release binaries
 * (particle-iot/particle-cli, assets/updates). Chunks are counted module by
 * module, 512 bytes each; fast OTA adds 73 bytes of headers to each, and pads
 * the last of a module, which is not in the totals.
 * Cross-check: the community's estimate for Electron 0.6.1 to 0.6.2 is "about
 * 285 KB" (community.particle.io, Electron System Firmware - OTA); 294,144
 * bytes are 287.3 KiB.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/firmware/path.h"
#include "models/transfer/transfer.h"
#include "sim/base/clock.h"
#include "sim/base/random.h"
#include "tests/support/plain_link.h"
#include "tests/support/shipped_catalog.h"

static const struct upgrade {
    const char *platform, *from, *to;
    size_t modules;
    int64_t payload_bytes;
    int64_t chunks;
    int64_t wire_bytes; /* payload and 73 a chunk, no padding */
} upgrades[] = {
    {"electron", "0.6.1", "0.6.2", 3, 294144, 576, 336192},
    {"electron", "0.4.8-rc.6", "0.5.3", 2, 245352, 481, 280465},
    {"electron", "0.5.3", "0.6.4", 3, 293564, 575, 335539},
    {"electron", "0.6.4", "2.3.1", 4, 340204, 666, 388822},
    {"electron", "0.4.8-rc.6", "2.3.1", 9, 879120, 1722, 1004826},
    {"photon", "0.6.1", "0.6.2", 2, 469800, 919, 536887},
    {"photon", "0.4.9", "2.3.1", 5, 1034884, 2023, 1182563},
    {"boron", "1.1.1", "4.1.0", 5, 1392962, 2723, 1591741},
    {"boron", "2.0.1", "4.1.0", 2, 553270, 1082, 632256},
    {"p2", "5.9.0", "6.2.1", 3, 1360008, 2657, 1553969},
};

enum { UPGRADES = sizeof(upgrades) / sizeof(*upgrades) };

static struct ota_path path_of(const struct ota_catalog *catalog,
                               const struct upgrade *upgrade,
                               struct ota_arena *arena)
{
    struct ota_path path = {0};
    char problem[384] = "";
    const struct ota_installed has = ota_release_installed(
        shipped_release(catalog, upgrade->platform, upgrade->from));

    if (!ota_path_to_release(
            catalog, &has,
            shipped_release(catalog, upgrade->platform, upgrade->to), arena,
            &path, problem, sizeof(problem)))
        fail_msg("%s", problem);
    return path;
}

static void payloads_add_up(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    const struct ota_catalog catalog = shipped_catalog(&arena);

    for (size_t i = 0; i < UPGRADES; i++) {
        const struct ota_path path = path_of(&catalog, &upgrades[i], &arena);
        assert_int_equal(path.count, upgrades[i].modules);
        assert_int_equal(path.payload_bytes, upgrades[i].payload_bytes);
    }
    ota_arena_release(&arena);
}

/* Sends every module over a link without loss. */
static void wire_bytes_add_up(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    const struct ota_catalog catalog = shipped_catalog(&arena);
    const struct ota_transfer_fast_config config = {
        .chunk_bytes = 512,
        .flight_chunks = OTA_TRANSFER_CHUNKS_MAX,
        .request_chunks = OTA_TRANSFER_CHUNKS_MAX,
        .stall_us = OTA_US_PER_DAY,
    };
    const struct plain_link plain = {.rtt_us = 1000, .goodput_bit_s = 1000000};
    const struct ota_link link = {.model = &plain_link_model, .config = &plain};
    const struct ota_random_key key = {.seed = 1};
    struct ota_stream stream;

    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_TRANSFER, 0);
    for (size_t i = 0; i < UPGRADES; i++) {
        const struct ota_path path = path_of(&catalog, &upgrades[i], &arena);
        int64_t chunks = 0;
        int64_t chunk_bytes = 0;
        for (size_t m = 0; m < path.count; m++) {
            const struct ota_transfer_job job = {
                .size_bytes = path.steps[m].module.size_bytes,
                .cut_us = OTA_NEVER,
                .data_left_bytes = INT64_MAX,
                .link = &link,
            };
            const struct ota_transfer_result result =
                ota_transfer_fast.run(&config, &job, &stream.rng);
            assert_int_equal(result.end, OTA_TRANSFER_DONE);
            chunks += result.chunks_sent;
            /* UpdateBegin, the answer to UpdateReady, UpdateDone. */
            chunk_bytes += result.down_bytes - 77 - 61 - 64;
        }
        assert_int_equal(chunks, upgrades[i].chunks);
        const int64_t padding =
            upgrades[i].chunks * 512 - upgrades[i].payload_bytes;
        assert_int_equal(chunk_bytes - padding, upgrades[i].wire_bytes);
    }
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payloads_add_up),
        cmocka_unit_test(wire_bytes_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
