/* Many domains of the test driver: define, list, XML, statistics, undefine. */
#include "measure.h"
#include "vbench.h"

enum { XML_BYTES = 2048, LISTS = 7, DUMPS = 3, STATS = 5, BATCH = 500 };

static const char PREFIX[] = "perf";

/* Milliseconds. */
static double define_all(virConnectPtr connection, int domains)
{
    char xml[XML_BYTES];
    double start = now();
    for (int i = 0; i < domains; i++) {
        test_domain_xml(xml, sizeof xml, PREFIX, i);
        virDomainPtr domain = virDomainDefineXML(connection, xml);
        if (!domain)
            die("define");
        virDomainFree(domain);
    }
    return (now() - start) * 1e3;
}

static double undefine_all(virConnectPtr connection, int domains)
{
    char name[64];
    double start = now();
    for (int i = 0; i < domains; i++) {
        snprintf(name, sizeof name, "%s%05d", PREFIX, i);
        virDomainPtr domain = virDomainLookupByName(connection, name);
        if (!domain || virDomainUndefine(domain) < 0)
            die("undefine");
        virDomainFree(domain);
    }
    return (now() - start) * 1e3;
}

static int list_all(virConnectPtr connection, virDomainPtr **list)
{
    int n = virConnectListAllDomains(connection, list, 0);
    if (n < 0)
        die("list");
    return n;
}

static void free_list(virDomainPtr *list, int n)
{
    for (int i = 0; i < n; i++)
        virDomainFree(list[i]);
    free(list);
}

static double list_time(virConnectPtr connection)
{
    double samples[LISTS];
    for (int i = 0; i < LISTS; i++) {
        virDomainPtr *list;
        double start = now();
        int n = list_all(connection, &list);
        samples[i] = (now() - start) * 1e3;
        free_list(list, n);
    }
    return percentile(samples, LISTS, .5);
}

static double dump_time(virConnectPtr connection)
{
    double samples[DUMPS];
    virDomainPtr *list;
    int n = list_all(connection, &list);
    for (int i = 0; i < DUMPS; i++) {
        double start = now();
        for (int k = 0; k < n; k++) {
            char *xml = virDomainGetXMLDesc(list[k], 0);
            if (!xml)
                die("XML of a domain");
            free(xml);
        }
        samples[i] = (now() - start) * 1e3;
    }
    free_list(list, n);
    return percentile(samples, DUMPS, .5);
}

/* The state group is the one that the test driver answers in every version of libvirt. */
static double stats_time(virConnectPtr connection)
{
    double samples[STATS];
    for (int i = 0; i < STATS; i++) {
        virDomainStatsRecordPtr *records;
        double start = now();
        if (virConnectGetAllDomainStats(connection, VIR_DOMAIN_STATS_STATE, &records, 0) < 0)
            die("statistics of all domains");
        samples[i] = (now() - start) * 1e3;
        virDomainStatsRecordListFree(records);
    }
    return percentile(samples, STATS, .5);
}

void run_many(const char *uri, int domains)
{
    virConnectPtr connection = open_or_die(uri);
    double define_ms = define_all(connection, domains);
    double list_ms = list_time(connection), dump_ms = dump_time(connection), stats_ms = stats_time(connection);
    double undefine_ms = undefine_all(connection, domains);
    printf("{\"bench\":\"many\",\"domains\":%d,\"define_s\":%.0f,\"list_ms\":%.2f,\"xml_s\":%.0f,\"stats_ms\":%.2f,"
           "\"undefine_s\":%.0f}\n",
           domains, domains / define_ms * 1e3, list_ms, domains / dump_ms * 1e3, stats_ms, domains / undefine_ms * 1e3);
    virConnectClose(connection);
}

/* What `virsh define` and `virsh dumpxml` do, again and again with new domains. Making room again is not counted. */
void run_define_xml(const char *uri, double seconds)
{
    char text[XML_BYTES];
    double spent = 0;
    long pairs = 0;
    virConnectPtr connection = open_or_die(uri);
    while (spent < seconds) {
        double start = now();
        for (int i = 0; i < BATCH; i++) {
            test_domain_xml(text, sizeof text, PREFIX, i);
            virDomainPtr domain = virDomainDefineXML(connection, text);
            char *xml = domain ? virDomainGetXMLDesc(domain, 0) : NULL;
            if (!xml)
                die("define, then XML");
            free(xml);
            virDomainFree(domain);
        }
        spent += now() - start;
        pairs += BATCH;
        undefine_all(connection, BATCH);
    }
    printf("{\"bench\":\"define-xml\",\"pairs_s\":%.0f}\n", pairs / spent);
    virConnectClose(connection);
}
