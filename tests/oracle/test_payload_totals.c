/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_payload_totals.c - what known upgrades weigh, to the byte.
 *
 * Totals were added up by hand from the sizes of the release binaries
 * (particle-iot/particle-cli, assets/updates). Chunks are counted module by
 * module, 512 bytes each; fast OTA adds 73 bytes of headers to each, and pads
 * the last of a module, which is not in the totals.
 * Compressed images: the measured shares of Boron's system parts are 0.711
 * (4.0.2) and 0.721 (4.1.0), by raw Deflate at level 9 of the binaries; and one
 * combined image is known, 373,462 bytes for Boron 4.0.1 to 4.0.2 with an app
 * (community.particle.io/t/66646).
 *
 * Cross-check: the community's estimate for Electron 0.6.1 to 0.6.2 is "about
 * 285 KB" (community.particle.io, Electron System Firmware - OTA); 294,144
 * bytes are 287.3 KiB.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/firmware/path.h"
#include "models/transfer/transfer.h"
#include "sim/base/clock.h"
#include "sim/base/random.h"
#include "tests/support/plain_air.h"
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
                               const struct ota_path_options *options,
                               struct ota_arena *arena)
{
    struct ota_path path = {0};
    char problem[384] = "";
    const struct ota_installed has = ota_release_installed(
        shipped_release(catalog, upgrade->platform, upgrade->from));

    if (!ota_path_to_release(
            catalog, &has,
            shipped_release(catalog, upgrade->platform, upgrade->to), options,
            arena, &path, problem, sizeof(problem)))
        fail_msg("%s", problem);
    return path;
}

static const struct ota_path_options raw = {0};

static void payloads_add_up(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    const struct ota_catalog catalog = shipped_catalog(&arena);

    for (size_t i = 0; i < UPGRADES; i++) {
        const struct ota_path path =
            path_of(&catalog, &upgrades[i], &raw, &arena);
        int64_t chunks = 0;
        for (size_t m = 0; m < path.count; m++)
            chunks += ota_transfer_chunks(path.steps[m].image_bytes, 512);
        assert_int_equal(path.count, upgrades[i].modules);
        assert_int_equal(path.payload_bytes, upgrades[i].payload_bytes);
        assert_int_equal(chunks, upgrades[i].chunks);
        assert_int_equal(path.payload_bytes + chunks * 73,
                         upgrades[i].wire_bytes);
    }
    ota_arena_release(&arena);
}

/* What may be compressed of each row: all that a device which inflates is sent
 * of system parts. */
static void compression_saves_what_it_should(void **state)
{
    (void)state;
    static const struct {
        size_t upgrade;
        int64_t deflated_bytes; /* of the raw payload */
        double share;           /* measured for that part */
    } rows[] = {
        {7, 0, 1},          /* boron 1.1.1: runs 1.3.1 at the last part */
        {8, 507426, 0.721}, /* boron 2.0.1 to 4.1.0 */
        {0, 0, 1},          /* Gen 2 */
        {6, 0, 1},
    };
    const struct ota_path_options options = {.compress = true};
    struct ota_arena arena = {0};
    const struct ota_catalog catalog = shipped_catalog(&arena);

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct upgrade *upgrade = &upgrades[rows[i].upgrade];
        const struct ota_path path =
            path_of(&catalog, upgrade, &options, &arena);
        const int64_t other_bytes =
            upgrade->payload_bytes - rows[i].deflated_bytes;
        const double expected = (double)other_bytes +
                                rows[i].share * (double)rows[i].deflated_bytes;
        assert_int_equal(path.count, upgrade->modules);
        /* One share for all parts: they differ by 0.697 to 0.722. */
        assert_true(fabs((double)path.payload_bytes - expected) <=
                    0.015 * (double)rows[i].deflated_bytes);
    }
    ota_arena_release(&arena);
}

/* The app's size is what 0.6 makes of the 9,965 bytes that Particle's image
 * leaves it: 373,462 less 363,377 of system part and 120 of headers. */
static void the_combined_image_is_as_published(void **state)
{
    (void)state;
    enum { PUBLISHED = 373462, APP_DEFLATED = 9965 };
    const struct ota_path_options options = {.compress = true, .combine = true};
    struct ota_arena arena = {0};
    const struct ota_catalog catalog = shipped_catalog(&arena);
    const struct ota_installed has =
        ota_release_installed(shipped_release(&catalog, "boron", "4.0.1"));
    char problem[384] = "";
    struct ota_path path;

    assert_true(ota_path_to_app(&catalog, "boron", &has,
                                shipped_release(&catalog, "boron", "4.0.2"), 2,
                                (int64_t)(APP_DEFLATED / 0.6), &options, &arena,
                                &path, problem, sizeof(problem)));
    assert_int_equal(path.count, 1);
    assert_true(path.steps[0].with.size_bytes > 0);
    assert_false(path.steps[0].safe_mode_after);
    assert_true(fabs((double)path.payload_bytes - PUBLISHED) <=
                0.01 * PUBLISHED);
    /* Protocol v3 sent it in 730 chunks of 512 bytes. */
    assert_int_equal(ota_transfer_chunks(path.payload_bytes, 512), 730);
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
    struct ota_dist rtt;
    struct ota_air air = plain_air(&rtt, 1000, 0);
    const struct ota_random_key key = {.seed = 1};
    struct ota_stream stream;

    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_TRANSFER, 0);
    for (size_t i = 0; i < UPGRADES; i++) {
        const struct ota_path path =
            path_of(&catalog, &upgrades[i], &raw, &arena);
        int64_t chunks = 0;
        int64_t chunk_bytes = 0;
        struct ota_device_os os = path.os;
        os.tcp = false; /* the sums are those of datagrams */
        for (size_t m = 0; m < path.count; m++) {
            const struct ota_transfer_job job = {
                .size_bytes = path.steps[m].image_bytes,
                .cut_us = OTA_NEVER,
                .data_left_bytes = INT64_MAX,
                .os = os,
                .air = &air,
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
        cmocka_unit_test(compression_saves_what_it_should),
        cmocka_unit_test(the_combined_image_is_as_published),
        cmocka_unit_test(wire_bytes_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
