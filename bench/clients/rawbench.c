/* rawbench: what the machine allows, without libvirt's library. A daemon cannot be faster than an echo of the same bytes
 * over a unix socket; and a client that speaks the protocol by itself shows what the daemon does when the client costs
 * next to nothing.
 *
 *   rawbench echo-server PATH                  echoes, a thread per connection
 *   rawbench echo PATH CONNECTIONS SECONDS     36 bytes there and back, a blocking thread per connection
 *   rawbench connect PATH SECONDS              connect and close
 *   rawbench rpc PATH CONNECTIONS DEPTH SECONDS URI   that many calls in flight on each connection */
#define _GNU_SOURCE
#include "measure.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    PROGRAM = 0x20008086,
    CALL_OPEN = 1,
    CALL_AUTH_LIST = 66,
    CALL_VERSION = 157,
    HEADER_BYTES = 28,
    VERSION_REPLY_BYTES = 36,
    CONNECTIONS_MAX = 1024,
    DEPTH_MAX = 64,
    COUNTER_STRIDE = 16, /* counters of two threads never share a cache line */
};

static const char *path;
static atomic_int stop;

static void fail(const char *doing)
{
    perror(doing);
    exit(1);
}

static struct sockaddr_un address(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strncpy(a.sun_path, path, sizeof a.sun_path - 1);
    return a;
}

static int connected(void)
{
    struct sockaddr_un a = address();
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (void *)&a, sizeof a) < 0)
        fail("connect");
    return fd;
}

static int read_all(int fd, void *buffer, int n)
{
    for (int done = 0; done < n;) {
        int r = read(fd, (char *)buffer + done, n - done);
        if (r <= 0)
            return -1;
        done += r;
    }
    return 0;
}

static void *echo_thread(void *argument)
{
    char buffer[65536];
    int fd = (long)argument, n;
    while ((n = read(fd, buffer, sizeof buffer)) > 0)
        if (write(fd, buffer, n) != n)
            break;
    close(fd);
    return NULL;
}

static void echo_server(void)
{
    struct sockaddr_un a = address();
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    unlink(path);
    if (bind(listener, (void *)&a, sizeof a) < 0 || listen(listener, 256) < 0)
        fail("listen");
    for (;;) {
        pthread_t thread;
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        pthread_create(&thread, NULL, echo_thread, (void *)(long)fd);
        pthread_detach(thread);
    }
}

static void *echo_client(void *argument)
{
    long *calls = argument;
    char bytes[VERSION_REPLY_BYTES] = {0};
    int fd = connected();
    while (!stop) {
        if (write(fd, bytes, sizeof bytes) != sizeof bytes || read_all(fd, bytes, sizeof bytes) < 0)
            break;
        (*calls)++;
    }
    close(fd);
    return NULL;
}

static void echo(int connections, double seconds)
{
    static long calls[CONNECTIONS_MAX * COUNTER_STRIDE];
    static pthread_t threads[CONNECTIONS_MAX];
    long total = 0;
    double start = now();
    for (int i = 0; i < connections; i++)
        pthread_create(&threads[i], NULL, echo_client, &calls[i * COUNTER_STRIDE]);
    usleep(seconds * 1e6);
    stop = 1;
    for (int i = 0; i < connections; i++) {
        pthread_join(threads[i], NULL);
        total += calls[i * COUNTER_STRIDE];
    }
    printf("{\"bench\":\"echo\",\"connections\":%d,\"calls_s\":%.0f}\n", connections, total / (now() - start));
}

static void connect_close(double seconds)
{
    long n = 0;
    double start = now();
    while (now() < start + seconds) {
        close(connected());
        n++;
    }
    printf("{\"bench\":\"connect\",\"open_close_s\":%.0f}\n", n / (now() - start));
}

static int frame(char *out, int procedure, const void *body, int bytes)
{
    uint32_t header[] = {htonl(HEADER_BYTES + bytes), htonl(PROGRAM), htonl(1), htonl(procedure), 0, htonl(1), 0};
    memcpy(out, header, HEADER_BYTES);
    if (bytes)
        memcpy(out + HEADER_BYTES, body, bytes);
    return HEADER_BYTES + bytes;
}

/* One call and its reply, whose status must be OK. */
static void call(int fd, int procedure, const void *body, int bytes)
{
    char out[512], in[4096];
    uint32_t length, status;
    int n = frame(out, procedure, body, bytes);
    if (write(fd, out, n) != n || read_all(fd, &length, 4) < 0)
        fail("call");
    length = ntohl(length);
    if (length > sizeof in || read_all(fd, in, length - 4) < 0)
        fail("reply");
    memcpy(&status, in + HEADER_BYTES - 8, 4);
    if (status != 0) {
        fputs("rawbench: the daemon refused to open the URI\n", stderr);
        exit(1);
    }
}

static int opened(const char *uri)
{
    char body[256] = {0};
    int length = strlen(uri), padded = (length + 3) & ~3;
    uint32_t present = htonl(1), wire_length = htonl(length);
    int fd = connected();
    memcpy(body, &present, 4);
    memcpy(body + 4, &wire_length, 4);
    memcpy(body + 8, uri, length);
    call(fd, CALL_AUTH_LIST, NULL, 0);
    call(fd, CALL_OPEN, body, 8 + padded + 4);
    return fd;
}

static void rpc(int connections, int depth, double seconds, const char *uri)
{
    char burst[HEADER_BYTES * DEPTH_MAX], buffer[65536];
    int fds[CONNECTIONS_MAX], torn[CONNECTIONS_MAX] = {0}, poll = epoll_create1(0);
    long calls = 0;
    for (int i = 0; i < depth; i++)
        frame(burst + HEADER_BYTES * i, CALL_VERSION, NULL, 0);
    for (int i = 0; i < connections; i++) {
        struct epoll_event interest = {.events = EPOLLIN, .data.u32 = i};
        fds[i] = opened(uri);
        epoll_ctl(poll, EPOLL_CTL_ADD, fds[i], &interest);
        if (write(fds[i], burst, HEADER_BYTES * depth) < 0)
            fail("write");
    }
    double start = now();
    while (now() < start + seconds) {
        struct epoll_event ready[256];
        int n = epoll_wait(poll, ready, 256, 1000);
        for (int k = 0; k < n; k++) {
            int i = ready[k].data.u32, got = read(fds[i], buffer, sizeof buffer);
            if (got <= 0)
                fail("read");
            int replies = (torn[i] + got) / VERSION_REPLY_BYTES;
            torn[i] = (torn[i] + got) % VERSION_REPLY_BYTES;
            calls += replies;
            if (replies && write(fds[i], burst, HEADER_BYTES * replies) < 0)
                fail("write");
        }
    }
    printf("{\"bench\":\"rpc\",\"connections\":%d,\"depth\":%d,\"calls_s\":%.0f}\n", connections, depth,
           calls / (now() - start));
}

int main(int count, char **words)
{
    if (count < 3)
        return 2;
    path = words[2];
    if (!strcmp(words[1], "echo-server"))
        echo_server();
    else if (!strcmp(words[1], "echo") && count == 5 && atoi(words[3]) <= CONNECTIONS_MAX)
        echo(atoi(words[3]), atof(words[4]));
    else if (!strcmp(words[1], "connect") && count == 4)
        connect_close(atof(words[3]));
    else if (!strcmp(words[1], "rpc") && count == 7 && atoi(words[3]) <= CONNECTIONS_MAX && atoi(words[4]) <= DEPTH_MAX)
        rpc(atoi(words[3]), atoi(words[4]), atof(words[5]), words[6]);
    else
        return 2;
    return 0;
}
