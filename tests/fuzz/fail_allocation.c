/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fail_allocation.c - preloaded into a program: its FAIL_AT-th allocation (from
 * 1) finds no memory. At exit the number of allocations goes to the file
 * FAIL_COUNT, if that is set.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* glibc's own, which these stand in front of. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static atomic_long allocations;

static bool fails(void)
{
    static atomic_long fail_at = -1; /* not known yet */

    if (atomic_load(&fail_at) < 0) {
        const char *text = getenv("FAIL_AT");
        atomic_store(&fail_at, text ? atol(text) : 0);
    }
    if (atomic_fetch_add(&allocations, 1) + 1 != atomic_load(&fail_at))
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return fails() ? NULL : __libc_realloc(memory, size);
}

__attribute__((destructor)) static void tell(void)
{
    const char *name = getenv("FAIL_COUNT");
    FILE *file = name ? fopen(name, "w") : NULL;

    if (file) {
        fprintf(file, "%ld\n", atomic_load(&allocations));
        fclose(file);
    }
}
