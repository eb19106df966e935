/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transfer.h - kind of model: moving one module to a device, chunk by chunk.
 *
 * A transfer is computed in one call, from the cloud's first message to its
 * end or to the instant at which something cuts it off: as packets, every
 * datagram on its own, or as a flow, where the number and place of losses are
 * drawn directly and the cost follows losses and rounds. Both have the same
 * distributions.
 *
 * Bytes count every datagram put on the air, with IP, UDP and DTLS headers,
 * lost ones included: the network bills them.
 */
#ifndef OTA_TRANSFER_H
#define OTA_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "models/firmware/device_os.h"
#include "models/link/air.h"
#include "sim/base/model.h"

/* How a transfer ended. */
enum ota_transfer_end {
    OTA_TRANSFER_DONE,    /* image complete on the device, cloud told */
    OTA_TRANSFER_CUT,     /* cut_us came first */
    OTA_TRANSFER_STALLED, /* the device lost patience */
    OTA_TRANSFER_GAVE_UP, /* the cloud lost patience */
    OTA_TRANSFER_CAPPED,  /* data_left_bytes used up */
    OTA_TRANSFER_BROKEN,  /* the app interfered at a chunk */
    OTA_TRANSFER_REFUSED, /* the device said no to the first message */
    OTA_TRANSFER_ENDS
};

/* A module has at most so many chunks; a chunk's index is 16 bits. The scenario
 * reader refuses larger modules. */
#define OTA_TRANSFER_CHUNKS_MAX INT64_C(65535)

/* Returns how many chunks of chunk_bytes hold size_bytes. */
static inline int64_t ota_transfer_chunks(int64_t size_bytes,
                                          int64_t chunk_bytes)
{
    return (size_bytes + chunk_bytes - 1) / chunk_bytes;
}

struct ota_transfer_job {
    int64_t size_bytes;      /* of the module, > 0 */
    int64_t kept_bytes;      /* of it on the device from earlier attempts; 0
                              * unless the model keeps progress */
    int64_t begin_us;        /* the cloud's first message leaves */
    int64_t cut_us;          /* whatever happens, the device is gone by then;
                              * > begin_us; OTA_NEVER: it stays */
    bool cut_is_graceful;    /* going to sleep, as against losing power: the
                              * device can save its progress */
    int64_t pump_us;         /* the app takes a message only this often; 0:
                              * as they come */
    int64_t data_left_bytes; /* what the plan lets pass; INT64_MAX: no limit */
    double break_per_chunk;  /* chance that the app breaks the transfer at each
                              * chunk that arrives */
    bool refused; /* the device will say no: updates are disabled, or it does
                   * not accept the module */
    struct ota_device_os os; /* what runs on the device */
    struct ota_air *air;
};

struct ota_transfer_result {
    enum ota_transfer_end end;
    int64_t end_us;     /* > begin_us, <= cut_us */
    bool resets;        /* the device reboots because of this end (Gen 2
                         * after a stall) */
    int64_t down_bytes; /* on the wire */
    int64_t up_bytes;
    int64_t payload_bytes; /* of the module, new on the device and not lost
                            * with this end; all of it after DONE */
    int64_t kept_bytes;    /* of the module on the device for the next attempt
                            * (at most size_bytes; 0 if progress is lost) */
    int64_t spent_bytes;   /* of down_bytes: datagrams of chunks that brought
                            * nothing: lost, repeated, or of progress lost */
    int64_t chunks_sent;
    int64_t rounds; /* flights, for models that have them; else 0 */
};

extern const char *const ota_transfer_end_names[OTA_TRANSFER_ENDS];

enum ota_transfer_fidelity { OTA_TRANSFER_FLOW, OTA_TRANSFER_PACKET };

/* What a transfer costs in the mean, given that it comes to its end. */
struct ota_transfer_mean {
    double fails; /* chance that it is broken off */
    double took_us;
    double variance_us2; /* of that */
    double down_bytes;   /* as in ota_transfer_result */
    double up_bytes;
    double spent_bytes;
    double chunks_sent;
};

struct ota_transfer_model {
    struct ota_model model;

    /* Runs one transfer. */
    struct ota_transfer_result (*run)(const void *config,
                                      const struct ota_transfer_job *job,
                                      gsl_rng *rng);

    /*
     * Works out the same in the mean, in closed form, for a transfer that
     * nothing cuts off or caps and that is not refused, over an air that an
     * arbitrary instant finds. first: chance that its first message comes
     * after a silence. Returns false where that is not known (no memory is
     * such a case); NULL: it never is.
     */
    bool (*expect)(const void *config, const struct ota_transfer_job *job,
                   double first, struct ota_transfer_mean *mean);
};

struct ota_transfer {
    const struct ota_transfer_model *model;
    const void *config;
};

/* How many missed chunks a device asks for at once. */
enum ota_transfer_request {
    OTA_TRANSFER_REQUEST_ALL,     /* up to request_chunks */
    OTA_TRANSFER_REQUEST_GROWING, /* nor more than the last flight brought and
                                   * 20 % (at least 2) */
};

/* "fast": flights of chunks, each closed by an UpdateDone that the device
 * answers with the chunks it misses. */
struct ota_transfer_fast_config {
    int fidelity; /* enum ota_transfer_fidelity */
    int64_t chunk_bytes;
    int64_t flight_chunks;  /* in the cloud's first flight */
    int64_t request_chunks; /* the device asks for at most so many a round */
    int request_rule;       /* enum ota_transfer_request */
    int64_t stall_us;       /* without a new chunk, the device resets */
};

/* "v3": sliding window, cumulative acknowledgements with a bitmap, resumes. */
struct ota_transfer_v3_config {
    int fidelity; /* enum ota_transfer_fidelity */
    int64_t chunk_bytes;
    int64_t window_bytes;
    int64_t ack_every_chunks;
    int64_t ack_delay_us;
    int64_t stall_us;  /* without a chunk, the device cancels */
    int64_t flush_us;  /* saved progress is at most this old after a
                        * power loss */
    double duplicates; /* share of chunks that the cloud sends once more
                        * than needed */
};

/* "slow": stop and wait, each chunk answered twice (Device OS before fast OTA,
 * and where fast OTA is not offered). */
struct ota_transfer_slow_config {
    int fidelity; /* enum ota_transfer_fidelity */
    int64_t chunk_bytes;
    int64_t stall_us; /* without a new chunk, the device resets */
};

/* "block": one block asked for after another: CoAP block-wise or HTTP range, on
 * platforms other than Particle's. */
struct ota_transfer_block_config {
    int fidelity;                /* enum ota_transfer_fidelity */
    int64_t chunk_bytes;         /* payload of a block */
    int64_t overhead_down_bytes; /* headers of a block */
    int64_t overhead_up_bytes;   /* a whole request */
    struct ota_dist block_time;  /* the device's time for each block, besides
                                  * the link's */
    struct ota_dist erase;       /* pause behind the first block */
    int64_t timeout_us;          /* of the first send */
    double backoff;              /* times as long each time, >= 1 */
    double timeout_spread;       /* each is timeout * (1 + U(0, spread)) */
    int64_t sends_max;           /* then the device gives up */
    double block_loss;           /* share of blocks lost besides the link's */
    bool resumes;                /* goes on where it was broken off */
};

/* "multicast": fragments broadcast to all devices at once, with redundancy:
 * LoRaWAN class C. */
enum ota_transfer_bandwidth {
    OTA_TRANSFER_125_KHZ,
    OTA_TRANSFER_250_KHZ,
    OTA_TRANSFER_500_KHZ,
};

enum ota_transfer_coding {
    OTA_TRANSFER_FIXED_EXTRA,   /* so many more than hold the image decode */
    OTA_TRANSFER_RANDOM_LINEAR, /* random sums over GF(2) */
};

struct ota_transfer_multicast_config {
    int fidelity;        /* enum ota_transfer_fidelity */
    int64_t chunk_bytes; /* a fragment, its number of 2 bytes included */
    int64_t mac_bytes;   /* around it */
    int64_t spreading_factor;
    int bandwidth; /* enum ota_transfer_bandwidth */
    double duty_cycle;
    int64_t redundancy; /* fragments sent beyond those that hold the image */
    int coding;         /* enum ota_transfer_coding */
    int64_t extra;      /* FIXED_EXTRA: needed beyond those */
};

/* "qblock": CoAP's Q-Block2, blocks in sets that need no request each. */
struct ota_transfer_qblock_config {
    int fidelity;                /* enum ota_transfer_fidelity */
    int64_t chunk_bytes;         /* payload of a block */
    int64_t overhead_down_bytes; /* headers of a block */
    int64_t overhead_up_bytes;   /* a whole request */
    int64_t set_chunks;          /* sent without waiting */
    bool feedback;               /* the device asks for the next set as soon
                                  * as it has one */
    int64_t timeout_us;          /* else the server pauses so long */
    double timeout_spread;       /* times (1 + U(0, spread)), once a transfer */
    int64_t receive_timeout_us;  /* until the device asks again; doubling */
    int64_t requests_max;        /* without an answer, then it gives up */
    bool resumes;                /* goes on where it was broken off */
};

extern const struct ota_transfer_model ota_transfer_slow;
extern const struct ota_transfer_model ota_transfer_fast;
extern const struct ota_transfer_model ota_transfer_v3;
extern const struct ota_transfer_model ota_transfer_block;
extern const struct ota_transfer_model ota_transfer_multicast;
extern const struct ota_transfer_model ota_transfer_qblock;

/* Which protocol "device_os" speaks. */
enum ota_transfer_protocol {
    OTA_TRANSFER_BY_RELEASE,
    OTA_TRANSFER_SLOW,
    OTA_TRANSFER_FAST,
    OTA_TRANSFER_V3,
};

/* "device_os": the protocol and constants of the Device OS that runs on the
 * device when the transfer begins. 0 stands for what the release has. */
struct ota_transfer_device_os_config {
    int fidelity; /* enum ota_transfer_fidelity */
    int protocol; /* enum ota_transfer_protocol */
    int64_t chunk_bytes;
    int64_t flight_chunks;
    int64_t request_chunks;
    int64_t stall_us;
    double duplicates;
};

extern const struct ota_transfer_model ota_transfer_device_os;

/* Every transfer model, ended by NULL. */
extern const struct ota_transfer_model *const ota_transfer_models[];

#endif
