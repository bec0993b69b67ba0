/* Clock and statistics that all clients share. Each client prints one JSON object per line. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdlib.h>
#include <time.h>

/* Seconds on a clock that nobody sets, the same in every process. */
static inline double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static inline int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The value below which the share p (0 to 1) of the n values lies. Sorts them. */
static inline double percentile(double *values, int n, double p)
{
    if (n == 0)
        return 0;
    qsort(values, n, sizeof *values, compare_doubles);
    return values[(int)(p * (n - 1) + .5)];
}

#endif
