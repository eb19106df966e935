/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_search.c - does the search find optima that are known by formula, and
 * is it right when it says that a goal holds? Over 200 seeds each, on numbers
 * with noise: luck that all points of a replication share, and luck of their
 * own.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>

#include "sim/base/random.h"
#include "sim/experiment/search.h"
#include "sim/stats/tally.h"

enum { SEEDS = 200, POINTS = 2048, MEASURES = 3 };

/* What the oracle's numbers are made of. */
struct model {
    /* The true means of objective and goals. */
    void (*truth)(const double *x, const size_t *words, double *means);
    double common[MEASURES], own[MEASURES]; /* deviations of the luck */
    double odd;  /* share of replications in which a goal is off by `far` */
    double far;  /* more than its mean, which is the truth */
    double tail; /* deviation of exponential luck of a goal */
    bool staged;
    size_t measures;

    uint64_t seed;
    size_t count;
    int64_t done[POINTS];
    double means[POINTS][MEASURES];
};

static enum ota_experiment_status add(void *context, const double *numbers,
                                      const size_t *indexes, size_t *point)
{
    struct model *model = context;

    assert_true(model->count < POINTS);
    *point = model->count++;
    model->done[*point] = 0;
    model->truth(numbers, indexes, model->means[*point]);
    return OTA_EXPERIMENT_DONE;
}

static enum ota_experiment_status
run(void *context, const struct ota_study_want *wants, size_t count)
{
    struct model *model = context;

    for (size_t i = 0; i < count; i++) {
        assert_true(wants[i].point < model->count);
        if (wants[i].replications > model->done[wants[i].point])
            model->done[wants[i].point] = wants[i].replications;
    }
    return OTA_EXPERIMENT_DONE;
}

static double luck(const struct model *model, uint64_t who, size_t measure,
                   int64_t replication)
{
    const struct ota_random_key key = {model->seed, (uint64_t)replication};
    struct ota_stream stream;

    ota_stream_init(&stream, &key, who, OTA_PURPOSE_FREE, measure);
    return gsl_ran_gaussian_ziggurat(&stream.rng, 1.0);
}

/* Bad luck of a goal in a replication, wherever: its mean is 0. */
static double bad_luck(const struct model *model, int64_t replication)
{
    const struct ota_random_key key = {model->seed, (uint64_t)replication};
    struct ota_stream stream;

    ota_stream_init(&stream, &key, POINTS + 1, OTA_PURPOSE_FREE, 0);
    const bool odd = gsl_rng_uniform(&stream.rng) < model->odd;
    const double tail = gsl_ran_exponential(&stream.rng, 1.0) - 1.0;
    return model->far * ((odd ? 1.0 : 0.0) - model->odd) + model->tail * tail;
}

static double value(void *context, size_t point, size_t measure,
                    int64_t replication)
{
    const struct model *model = context;

    assert_true(replication < model->done[point]); /* was asked for */
    return model->means[point][measure] +
           model->common[measure] * luck(model, 0, measure, replication) +
           model->own[measure] * luck(model, 1 + point, measure, replication) +
           (measure > 0 ? bad_luck(model, replication) : 0.0);
}

static struct ota_estimate estimate(void *context, size_t point, size_t measure,
                                    int64_t first, int64_t count,
                                    double confidence)
{
    struct ota_tally tally = {0};

    for (int64_t r = first; r < first + count; r++)
        ota_tally_add(&tally, value(context, point, measure, r));
    return ota_interval_t(&tally, confidence);
}

static bool staged(void *context, size_t point)
{
    const struct model *model = context;

    (void)point;
    return model->staged;
}

static struct ota_axis range(const char *path, double least, double most)
{
    return (struct ota_axis){
        .path = path, .unit = "s", .range = true, .least = least, .most = most};
}

/* How searches over all seeds went. */
struct score {
    int found;    /* objective within the tolerance of the optimum */
    int claimed;  /* said that the goals hold, */
    int wrong;    /* and they do not */
    double price; /* mean of how far above the optimum the claimed were */
    double work;  /* mean replications */
};

static struct score search_all(struct model *model,
                               struct ota_search_setup *setup, double optimum,
                               double tolerance)
{
    struct score score = {0};

    setup->oracle =
        (struct ota_search_oracle){model, add, run, value, estimate, staged};
    setup->confidence = 0.95;
    setup->budget = ota_search_budget(setup->axes, setup->axis_count);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct ota_search search;
        struct ota_error error = {0};
        model->seed = setup->seed = seed;
        model->count = 0;
        assert_int_equal(ota_search_run(setup, &search, &error),
                         OTA_EXPERIMENT_DONE);
        assert_true(search.replications <= setup->budget);
        const double *means = model->means[search.spots[search.chosen].point];
        bool holds = true;
        for (size_t g = 0; g < setup->goal_count; g++)
            holds = holds && (setup->goals[g].at_least
                                  ? means[1 + g] >= setup->goals[g].value
                                  : means[1 + g] <= setup->goals[g].value);
        const double off = fabs(means[0] / optimum - 1.0);
        score.claimed += search.met;
        score.wrong += search.met && !holds;
        score.found += search.met && off <= tolerance;
        score.price += search.met ? off : 0.0;
        score.work += (double)search.replications / SEEDS;
        ota_search_release(&search);
    }
    score.price /= score.claimed > 0 ? score.claimed : 1;
    print_message("found %d, claimed %d, wrongly %d of %d; %.2f %% off, "
                  "%.0f replications\n",
                  score.found, score.claimed, score.wrong, SEEDS,
                  100.0 * score.price, score.work);
    return score;
}

static void assert_good(struct score score)
{
    const double error = 0.05;

    assert_true(score.found >= SEEDS * 95 / 100);
    assert_true(score.wrong <=
                SEEDS * (error + 4 * sqrt(error * (1 - error) / SEEDS)));
}

/* --- one axis: the edge of a goal ------------------------------------------*/

/* Rises with x; who waits longer misses less. */
static void edge(const double *x, const size_t *words, double *means)
{
    (void)words;
    means[0] = 600.0 + 7.0 * x[0];
    means[1] = 1.0 - exp(-x[0] / 5.0);
}

static void test_edge(void **state)
{
    (void)state;
    static struct model model = {.truth = edge,
                                 .common = {10.0, 0.002},
                                 .own = {3.0, 0.002},
                                 .measures = 2};
    const struct ota_axis axis = range("x", 5.0, 120.0);
    const struct ota_search_goal goal = {true, 0.99};
    struct ota_search_setup setup = {
        .axes = &axis, .axis_count = 1, .goals = &goal, .goal_count = 1};

    assert_good(
        search_all(&model, &setup, 600.0 + 7.0 * 5.0 * log(100.0), 0.03));
}

/* The same with small fleets: four times the variance. */
static void test_noisy_edge(void **state)
{
    (void)state;
    static struct model model = {.truth = edge,
                                 .common = {10.0, 0.004},
                                 .own = {10.0, 0.004},
                                 .measures = 2};
    const struct ota_axis axis = range("x", 5.0, 120.0);
    const struct ota_search_goal goal = {true, 0.99};
    struct ota_search_setup setup = {
        .axes = &axis, .axis_count = 1, .goals = &goal, .goal_count = 1};

    assert_good(
        search_all(&model, &setup, 600.0 + 7.0 * 5.0 * log(100.0), 0.10));
}

/* --- one axis: a valley ----------------------------------------------------*/

static void valley(const double *x, const size_t *words, double *means)
{
    (void)words;
    means[0] = 100.0 + 200.0 * pow(log(x[0] / 37.0), 2.0);
}

static void test_valley(void **state)
{
    (void)state;
    static struct model model = {
        .truth = valley, .common = {10.0}, .own = {2.0}, .measures = 1};
    struct ota_axis axis = range("x", 1.0, 1000.0);
    axis.log = true;
    struct ota_search_setup setup = {.axes = &axis, .axis_count = 1};

    assert_good(search_all(&model, &setup, 100.0, 0.05));
}

/* --- two axes --------------------------------------------------------------*/

/* Cheapest with x y = 200 where 3 x = 2 y. */
static void hyperbola(const double *x, const size_t *words, double *means)
{
    (void)words;
    means[0] = 3.0 * x[0] + 2.0 * x[1];
    means[1] = x[0] * x[1];
}

static void test_hyperbola(void **state)
{
    (void)state;
    static struct model model = {.truth = hyperbola,
                                 .common = {1.0, 4.0},
                                 .own = {0.5, 2.0},
                                 .measures = 2};
    const struct ota_axis axes[2] = {range("x", 1.0, 50.0),
                                     range("y", 1.0, 50.0)};
    const struct ota_search_goal goal = {true, 200.0};
    struct ota_search_setup setup = {
        .axes = axes, .axis_count = 2, .goals = &goal, .goal_count = 1};

    assert_good(search_all(&model, &setup, 2.0 * sqrt(6.0 * 200.0), 0.05));
}

/* A valley in two axes, askew. */
static void bowl(const double *x, const size_t *words, double *means)
{
    (void)words;
    const double a = x[0] - 20.0, b = x[1] - 30.0;

    means[0] = 100.0 + 0.1 * (a * a + a * b + b * b);
}

static void test_bowl(void **state)
{
    (void)state;
    static struct model model = {
        .truth = bowl, .common = {10.0}, .own = {1.0}, .measures = 1};
    const struct ota_axis axes[2] = {range("x", 0.0, 50.0),
                                     range("y", 0.0, 50.0)};
    struct ota_search_setup setup = {.axes = axes, .axis_count = 2};

    assert_good(search_all(&model, &setup, 100.0, 0.05));
}

/* --- words and numbers -----------------------------------------------------*/

/* The second word costs half, its edge lies further up. */
static void words_edge(const double *x, const size_t *words, double *means)
{
    means[0] = (words[1] == 1 ? 4.0 : 8.0) * x[0] + 100.0;
    means[1] = 1.0 - exp(-x[0] / (words[1] == 1 ? 6.0 : 5.0));
}

static void test_words(void **state)
{
    (void)state;
    static struct model model = {.truth = words_edge,
                                 .common = {2.0, 0.002},
                                 .own = {1.0, 0.002},
                                 .measures = 2};
    const char *words[3] = {"a", "b", "c"};
    const struct ota_axis axes[2] = {
        range("x", 5.0, 120.0), {.path = "w", .values = words, .count = 3}};
    const struct ota_search_goal goal = {true, 0.99};
    struct ota_search_setup setup = {
        .axes = axes, .axis_count = 2, .goals = &goal, .goal_count = 1};

    assert_good(
        search_all(&model, &setup, 100.0 + 4.0 * 6.0 * log(100.0), 0.05));
}

/* --- laws that mislead -----------------------------------------------------*/

/* The goal, at most 1, is missed everywhere, by hardly anything. */
static void flat(const double *x, const size_t *words, double *means)
{
    (void)words;
    means[0] = 600.0 + 7.0 * x[0];
    means[1] = 1.0 + 1e-9;
}

/* All claims are wrong: hardly more of them than the confidence allows. */
static void assert_silent(struct model *model)
{
    const struct ota_axis axis = range("x", 5.0, 120.0);
    const struct ota_search_goal goal = {.at_least = false, .value = 1.0};
    struct ota_search_setup setup = {
        .axes = &axis, .axis_count = 1, .goals = &goal, .goal_count = 1};
    const double error = 0.05;
    const struct score score = search_all(model, &setup, 635.0, 0.05);

    assert_int_equal(score.wrong, score.claimed);
    assert_true(score.wrong <=
                SEEDS * (error + 4 * sqrt(error * (1 - error) / SEEDS)));
}

static void test_skewed(void **state)
{
    (void)state;
    static struct model model = {.truth = flat,
                                 .common = {1.0, 0.0},
                                 .own = {1.0, 0.01},
                                 .tail = 0.3,
                                 .measures = 2};

    assert_silent(&model);
}

/* Mostly the same value, now and then quite another. */
static void test_seldom(void **state)
{
    (void)state;
    static struct model model = {.truth = flat,
                                 .common = {1.0, 0.0},
                                 .own = {1.0, 0.0},
                                 .odd = 0.05,
                                 .far = 1.0,
                                 .measures = 2};

    assert_silent(&model);
}

/* One replication of five goes wrong, of a staged rollout. */
static void test_two_stories(void **state)
{
    (void)state;
    static struct model model = {.truth = flat,
                                 .common = {1.0, 0.0},
                                 .own = {1.0, 0.01},
                                 .odd = 0.2,
                                 .far = 1.0,
                                 .staged = true,
                                 .measures = 2};

    assert_silent(&model);
}

/* --- what cannot be met ----------------------------------------------------*/

static void test_out_of_reach(void **state)
{
    (void)state;
    static struct model model = {.truth = edge,
                                 .common = {10.0, 0.002},
                                 .own = {3.0, 0.002},
                                 .measures = 2};
    const struct ota_axis axis = range("x", 1.0, 15.0); /* 0.9502 at the end */
    const struct ota_search_goal goal = {true, 0.99};
    struct ota_search_setup setup = {
        .axes = &axis,
        .axis_count = 1,
        .goals = &goal,
        .goal_count = 1,
        .budget = 200,
        .confidence = 0.95,
        .oracle = {&model, add, run, value, estimate, staged},
    };
    struct ota_search search;
    struct ota_error error = {0};

    assert_int_equal(ota_search_run(&setup, &search, &error),
                     OTA_EXPERIMENT_DONE);
    assert_false(search.met);
    assert_true(search.spots[search.chosen].numbers[0] > 14.0);
    ota_search_release(&search);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edge),        cmocka_unit_test(test_noisy_edge),
        cmocka_unit_test(test_valley),      cmocka_unit_test(test_hyperbola),
        cmocka_unit_test(test_bowl),        cmocka_unit_test(test_words),
        cmocka_unit_test(test_skewed),      cmocka_unit_test(test_seldom),
        cmocka_unit_test(test_two_stories), cmocka_unit_test(test_out_of_reach),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
