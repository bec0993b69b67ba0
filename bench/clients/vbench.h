/* What the parts of vbench share. */
#ifndef VBENCH_H
#define VBENCH_H

#include <libvirt/libvirt.h>
#include <stdio.h>

/* Ends the program with libvirt's last error, or else errno's words. */
void die(const char *doing) __attribute__((noreturn));

virConnectPtr open_or_die(const char *uri);

/* XML of a domain for the test driver, about as large as a small real one. */
void test_domain_xml(char *xml, size_t size, const char *prefix, int number);

void run_serial(const char *uri, const char *call, double seconds);
void run_concurrent(const char *uri, const char *call, int connections, double seconds);
void run_open_close(const char *uri, double seconds);
void run_many(const char *uri, int domains);
void run_define_xml(const char *uri, double seconds);
void run_first_call(const char *uri, double started);
void run_all_stats(const char *uri);
void run_events(const char *uri, int listeners, int rounds, int gap_us);
void run_qemu(const char *uri, const char *xml_file, int starts);
void run_keep(const char *uri, int connections);

#endif
