/* Delivery of life-cycle events: a child process listens on many connections, the parent starts and destroys a domain.
 * The delay of an event is from before the call that causes it to the listener's callback. */
#include "measure.h"
#include "vbench.h"
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS_MAX = 20000, LISTENERS_MAX = 64, TIMEOUT_S = 120 };

/* Memory of both processes. */
struct shared {
    atomic_int ready;
    atomic_long received;
    double last_event;
    double started[ROUNDS_MAX];
    int delays;
    double delay[ROUNDS_MAX * LISTENERS_MAX];
};

struct listener {
    int rounds;
};

static struct shared *shared;
static int rounds_wanted;

static int on_event(virConnectPtr connection, virDomainPtr domain, int event, int detail, void *opaque)
{
    struct listener *self = opaque;
    double then = now();
    (void)connection, (void)domain, (void)detail;
    if (event == VIR_DOMAIN_EVENT_STARTED && self->rounds < rounds_wanted)
        shared->delay[shared->delays++] = then - shared->started[self->rounds++];
    if (event == VIR_DOMAIN_EVENT_STARTED || event == VIR_DOMAIN_EVENT_STOPPED)
        shared->received++;
    shared->last_event = then;
    return 0;
}

/* One event loop serves all connections, as in a management program. Never returns. */
static void listen_for(const char *uri, int listeners, long events)
{
    struct listener *all = calloc(listeners, sizeof *all);
    virEventRegisterDefaultImpl();
    for (int i = 0; i < listeners; i++) {
        virConnectPtr connection = open_or_die(uri);
        if (virConnectDomainEventRegisterAny(connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                             VIR_DOMAIN_EVENT_CALLBACK(on_event), &all[i], NULL) < 0)
            die("subscribe");
    }
    alarm(TIMEOUT_S);
    shared->ready = 1;
    while (shared->received < events)
        virEventRunDefaultImpl();
    _exit(0);
}

static void cause_events(virDomainPtr domain, pid_t child, int rounds, int gap_us)
{
    for (int i = 0; i < rounds; i++) {
        shared->started[i] = now();
        if (virDomainCreate(domain) < 0 || virDomainDestroy(domain) < 0) {
            kill(child, SIGKILL);
            die("start and destroy");
        }
        if (gap_us)
            usleep(gap_us);
    }
}

/* With a gap between rounds the delay is that of delivery; without one it is that of the queue. */
void run_events(const char *uri, int listeners, int rounds, int gap_us)
{
    char xml[2048];
    long expected = (long)listeners * rounds * 2;
    if (rounds > ROUNDS_MAX || listeners > LISTENERS_MAX)
        die("too many rounds or listeners");
    rounds_wanted = rounds;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = fork();
    if (child == 0)
        listen_for(uri, listeners, expected);
    while (!shared->ready) {
        if (waitpid(child, NULL, WNOHANG) == child)
            die("the listener ended");
        usleep(1000);
    }
    virConnectPtr connection = open_or_die(uri);
    test_domain_xml(xml, sizeof xml, "events", 0);
    virDomainPtr domain = virDomainDefineXML(connection, xml);
    if (!domain) {
        kill(child, SIGKILL);
        die("define");
    }
    double start = now();
    cause_events(domain, child, rounds, gap_us);
    waitpid(child, NULL, 0);
    virDomainUndefine(domain);
    virDomainFree(domain);
    virConnectClose(connection);
    printf("{\"bench\":\"events\",\"listeners\":%d,\"rounds\":%d,\"gap_us\":%d,\"lost\":%ld,\"events_s\":%.0f,"
           "\"p50_us\":%.0f,\"p99_us\":%.0f}\n",
           listeners, rounds, gap_us, expected - (long)shared->received,
           shared->received / (shared->last_event - start), percentile(shared->delay, shared->delays, .5) * 1e6,
           percentile(shared->delay, shared->delays, .99) * 1e6);
}
