/* A driver that has been given many definitions: how soon it answers after a start, and what it says of all of them. */
#include "measure.h"
#include "vbench.h"
#include <unistd.h>

enum { LISTS = 5, PATIENCE_S = 300, PAUSE_US = 1000 };

/* `started` is when the daemon's process was made, on the clock of `now`. */
void run_first_call(const char *uri, double started)
{
    unsigned long version;
    virConnectPtr connection;
    while (!(connection = virConnectOpen(uri))) {
        if (now() > started + PATIENCE_S)
            die("open");
        usleep(PAUSE_US);
    }
    if (virConnectGetLibVersion(connection, &version) < 0)
        die("version");
    double answered = now();
    printf("{\"bench\":\"first-call\",\"first_call_ms\":%.1f,\"defined\":%d}\n", (answered - started) * 1e3,
           virConnectNumOfDefinedDomains(connection));
    virConnectClose(connection);
}

/* Every group of statistics that a daemon has. */
void run_all_stats(const char *uri)
{
    double samples[LISTS];
    virConnectPtr connection = open_or_die(uri);
    for (int i = 0; i < LISTS; i++) {
        virDomainStatsRecordPtr *records;
        double start = now();
        if (virConnectGetAllDomainStats(connection, 0, &records, 0) < 0)
            die("statistics of all domains");
        samples[i] = (now() - start) * 1e3;
        virDomainStatsRecordListFree(records);
    }
    double first = samples[0];
    printf("{\"bench\":\"all-stats\",\"first_stats_ms\":%.1f,\"stats_ms\":%.1f}\n", first,
           percentile(samples, LISTS, .5));
    virConnectClose(connection);
}
