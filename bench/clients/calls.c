/* Small calls: one after the other, from many connections at once, and connections themselves. */
#include "measure.h"
#include "vbench.h"
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { WARM_UP_CALLS = 300, SAMPLES_MAX = 4000000 };

/* One way to ask the daemon something; negative on failure. */
typedef int (*call_fn)(virConnectPtr connection, virDomainPtr domain);

static int call_version(virConnectPtr connection, virDomainPtr domain)
{
    unsigned long version;
    (void)domain;
    return virConnectGetLibVersion(connection, &version);
}

static int call_node_info(virConnectPtr connection, virDomainPtr domain)
{
    virNodeInfo info;
    (void)domain;
    return virNodeGetInfo(connection, &info);
}

static int call_state(virConnectPtr connection, virDomainPtr domain)
{
    int state, reason;
    (void)connection;
    return virDomainGetState(domain, &state, &reason, 0);
}

static int call_xml(virConnectPtr connection, virDomainPtr domain)
{
    char *xml = virDomainGetXMLDesc(domain, 0);
    (void)connection;
    free(xml);
    return xml ? 0 : -1;
}

static call_fn call_named(const char *name)
{
    static const struct {
        const char *name;
        call_fn call;
    } calls[] = {{"version", call_version}, {"node-info", call_node_info}, {"state", call_state}, {"xml", call_xml}};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (!strcmp(calls[i].name, name))
            return calls[i].call;
    die("no such call");
}

/* The domain that the test driver's default host comes with. */
static virDomainPtr default_domain(virConnectPtr connection)
{
    virDomainPtr domain = virDomainLookupByName(connection, "test");
    if (!domain)
        die("lookup of the domain 'test'");
    return domain;
}

void run_serial(const char *uri, const char *name, double seconds)
{
    call_fn call = call_named(name);
    virConnectPtr connection = open_or_die(uri);
    virDomainPtr domain = default_domain(connection);
    double *samples = malloc(SAMPLES_MAX * sizeof *samples);
    int n = 0;
    for (int i = 0; i < WARM_UP_CALLS; i++)
        if (call(connection, domain) < 0)
            die(name);
    double start = now(), last = start;
    while (last < start + seconds && n < SAMPLES_MAX) {
        if (call(connection, domain) < 0)
            die(name);
        double then = now();
        samples[n++] = then - last;
        last = then;
    }
    printf("{\"bench\":\"serial\",\"call\":\"%s\",\"calls_s\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n", name,
           n / (last - start), percentile(samples, n, .5) * 1e6, percentile(samples, n, .99) * 1e6);
    virDomainFree(domain);
    virConnectClose(connection);
}

struct caller {
    const char *uri;
    const char *name;
    pthread_barrier_t *ready;
    atomic_int *stop;
    long calls;
};

static void *caller_thread(void *argument)
{
    struct caller *self = argument;
    call_fn call = call_named(self->name);
    virConnectPtr connection = open_or_die(self->uri);
    virDomainPtr domain = default_domain(connection);
    call(connection, domain);
    pthread_barrier_wait(self->ready);
    while (!*self->stop) {
        if (call(connection, domain) < 0)
            die(self->name);
        self->calls++;
    }
    virDomainFree(domain);
    virConnectClose(connection);
    return NULL;
}

/* One thread and one connection each: a libvirt connection carries one call of a thread at a time. */
void run_concurrent(const char *uri, const char *name, int connections, double seconds)
{
    pthread_barrier_t ready;
    atomic_int stop = 0;
    struct caller *callers = calloc(connections, sizeof *callers);
    pthread_t *threads = calloc(connections, sizeof *threads);
    long calls = 0;
    pthread_barrier_init(&ready, NULL, connections + 1);
    for (int i = 0; i < connections; i++) {
        callers[i] = (struct caller){uri, name, &ready, &stop, 0};
        pthread_create(&threads[i], NULL, caller_thread, &callers[i]);
    }
    pthread_barrier_wait(&ready);
    double start = now();
    usleep(seconds * 1e6);
    stop = 1;
    double elapsed = now() - start;
    for (int i = 0; i < connections; i++) {
        pthread_join(threads[i], NULL);
        calls += callers[i].calls;
    }
    printf("{\"bench\":\"concurrent\",\"call\":\"%s\",\"connections\":%d,\"calls_s\":%.0f}\n", name, connections,
           calls / elapsed);
}

void run_open_close(const char *uri, double seconds)
{
    double *samples = malloc(SAMPLES_MAX * sizeof *samples);
    int n = 0;
    virConnectClose(open_or_die(uri));
    double start = now(), last = start;
    while (last < start + seconds && n < SAMPLES_MAX) {
        virConnectClose(open_or_die(uri));
        double then = now();
        samples[n++] = then - last;
        last = then;
    }
    printf("{\"bench\":\"open-close\",\"open_close_s\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f}\n", n / (last - start),
           percentile(samples, n, .5) * 1e6, percentile(samples, n, .99) * 1e6);
}
