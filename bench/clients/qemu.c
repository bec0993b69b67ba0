/* A real guest: from the call that starts it to the state "running", and the call that destroys it. */
#include "measure.h"
#include "vbench.h"

enum { STARTS_MAX = 1000 };

static void read_file(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    if (!file)
        die(path);
    text[fread(text, 1, size - 1, file)] = 0;
    fclose(file);
}

static void wait_until_running(virDomainPtr domain)
{
    int state, reason;
    do {
        if (virDomainGetState(domain, &state, &reason, 0) < 0)
            die("state");
    } while (state != VIR_DOMAIN_RUNNING);
}

/* The first start is not counted: it fills the daemons' caches of what the emulator can do. */
void run_qemu(const char *uri, const char *xml_file, int starts)
{
    static char xml[65536];
    double running[STARTS_MAX], destroy[STARTS_MAX];
    if (starts > STARTS_MAX)
        die("too many starts");
    read_file(xml_file, xml, sizeof xml);
    virConnectPtr connection = open_or_die(uri);
    virDomainPtr domain = virDomainDefineXML(connection, xml);
    if (!domain)
        die("define");
    for (int i = -1; i < starts; i++) {
        double start = now();
        if (virDomainCreate(domain) < 0)
            die("create");
        wait_until_running(domain);
        double up = now();
        if (virDomainDestroy(domain) < 0)
            die("destroy");
        double down = now();
        if (i >= 0) {
            running[i] = (up - start) * 1e3;
            destroy[i] = (down - up) * 1e3;
        }
    }
    if (virDomainUndefineFlags(domain, 0) < 0)
        die("undefine");
    printf("{\"bench\":\"qemu\",\"running_ms\":%.2f,\"running_p90_ms\":%.2f,\"destroy_ms\":%.2f}\n",
           percentile(running, starts, .5), percentile(running, starts, .9), percentile(destroy, starts, .5));
    virDomainFree(domain);
    virConnectClose(connection);
}
