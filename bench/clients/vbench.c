/* vbench: a client that times libvirt's public API. It knows nothing of the daemon behind the URI, so libvirtd and
 * polyvisord are measured by the same program with the same library in between. */
#include "vbench.h"
#include <errno.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void die(const char *doing)
{
    virErrorPtr error = virGetLastError();
    fprintf(stderr, "vbench: %s: %s\n", doing, error ? error->message : strerror(errno));
    exit(1);
}

virConnectPtr open_or_die(const char *uri)
{
    virConnectPtr connection = virConnectOpen(uri);
    if (!connection)
        die("open");
    return connection;
}

void test_domain_xml(char *xml, size_t size, const char *prefix, int number)
{
    snprintf(xml, size,
             "<domain type='test'><name>%s%05d</name><memory unit='KiB'>65536</memory><vcpu>1</vcpu>"
             "<os><type>hvm</type></os><devices>"
             "<disk type='file' device='disk'><source file='/nonexistent/x%05d.img'/><target dev='vda' bus='virtio'/></disk>"
             "<interface type='network'><source network='default'/></interface>"
             "</devices></domain>",
             prefix, number, number);
}

/* The test driver forgets its default host when the last connection closes: one that stays open keeps its domains, and
 * keeps every other measurement from paying for making the host anew. Many are the clients that do nothing. Ends when its
 * standard input does. */
void run_keep(const char *uri, int connections)
{
    char byte;
    virConnectPtr *kept = calloc(connections, sizeof *kept);
    if (!kept)
        die("memory");
    for (int i = 0; i < connections; i++)
        kept[i] = open_or_die(uri);
    puts("{\"bench\":\"keep\"}");
    fflush(stdout);
    while (read(0, &byte, 1) > 0)
        ;
    for (int i = 0; i < connections; i++)
        virConnectClose(kept[i]);
    free(kept);
}

/* libvirt prints every error by itself otherwise. */
static void quiet(void *opaque, virErrorPtr error)
{
    (void)opaque;
    (void)error;
}

static int usage(void)
{
    fputs("usage: vbench serial URI CALL SECONDS | concurrent URI CALL CONNECTIONS SECONDS | open-close URI SECONDS\n"
          "     | many URI DOMAINS | define-xml URI SECONDS | first-call URI STARTED | all-stats URI\n"
          "     | events URI LISTENERS ROUNDS GAP_US | qemu URI XMLFILE STARTS | keep URI CONNECTIONS\n",
          stderr);
    return 2;
}

int main(int count, char **words)
{
    if (count < 3)
        return usage();
    const char *what = words[1], *uri = words[2];
    virInitialize();
    virSetErrorFunc(NULL, quiet);
    if (!strcmp(what, "serial") && count == 5)
        run_serial(uri, words[3], atof(words[4]));
    else if (!strcmp(what, "concurrent") && count == 6)
        run_concurrent(uri, words[3], atoi(words[4]), atof(words[5]));
    else if (!strcmp(what, "open-close") && count == 4)
        run_open_close(uri, atof(words[3]));
    else if (!strcmp(what, "many") && count == 4)
        run_many(uri, atoi(words[3]));
    else if (!strcmp(what, "define-xml") && count == 4)
        run_define_xml(uri, atof(words[3]));
    else if (!strcmp(what, "first-call") && count == 4)
        run_first_call(uri, atof(words[3]));
    else if (!strcmp(what, "all-stats"))
        run_all_stats(uri);
    else if (!strcmp(what, "events") && count == 6)
        run_events(uri, atoi(words[3]), atoi(words[4]), atoi(words[5]));
    else if (!strcmp(what, "qemu") && count == 5)
        run_qemu(uri, words[3], atoi(words[4]));
    else if (!strcmp(what, "keep") && count == 4 && atoi(words[3]) > 0)
        run_keep(uri, atoi(words[3]));
    else
        return usage();
    return 0;
}
