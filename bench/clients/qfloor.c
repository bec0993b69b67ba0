/* qfloor ARGFILE SOCKET STARTS: starts QEMU by hand with the command line that libvirtd uses for the same guest (a word per
 * line), shakes hands on the monitor, lets the guest run and ends it. No manager of guests can be faster than that. */
#define _GNU_SOURCE
#include "measure.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STARTS_MAX = 1000, WORDS_MAX = 200, MONITOR_FD = 3 };

static void fail(const char *doing)
{
    perror(doing);
    exit(1);
}

/* Reads until the monitor has said this. */
static void await(int monitor, const char *words)
{
    static char heard[65536];
    size_t length = 0;
    while (!memmem(heard, length, words, strlen(words))) {
        ssize_t n = read(monitor, heard + length, sizeof heard - length);
        if (n <= 0)
            fail("the monitor closed");
        length += n;
    }
}

static void command(int monitor, const char *text, const char *answer)
{
    if (write(monitor, text, strlen(text)) < 0)
        fail("write to the monitor");
    await(monitor, answer);
}

/* The listening socket is passed on, so that one can connect before QEMU has begun to run. */
static pid_t launch(char **words, int listener)
{
    pid_t pid = vfork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        if (listener != MONITOR_FD)
            dup2(listener, MONITOR_FD);
        for (int fd = 0; fd < 3; fd++)
            dup2(null, fd);
        execvp(words[0], words);
        _exit(127);
    }
    return pid;
}

int main(int count, char **arguments)
{
    static char text[65536], *words[WORDS_MAX + 1];
    static double greeting[STARTS_MAX], running[STARTS_MAX], stop[STARTS_MAX];
    if (count != 4 || atoi(arguments[3]) > STARTS_MAX)
        return 2;
    FILE *file = fopen(arguments[1], "r");
    if (!file)
        fail(arguments[1]);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    int n = 0;
    for (char *word = strtok(text, "\n"); word && n < WORDS_MAX; word = strtok(NULL, "\n"))
        words[n++] = word;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, arguments[2], sizeof address.sun_path - 1);
    int starts = atoi(arguments[3]);
    for (int i = -1; i < starts; i++) { /* the first one warms the file cache and is not counted */
        int k = i < 0 ? 0 : i;
        double begin = now();
        unlink(arguments[2]);
        int listener = socket(AF_UNIX, SOCK_STREAM, 0);
        if (bind(listener, (void *)&address, sizeof address) < 0 || listen(listener, 1) < 0)
            fail("listen");
        pid_t pid = launch(words, listener);
        close(listener);
        int monitor = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(monitor, (void *)&address, sizeof address) < 0)
            fail("connect");
        await(monitor, "\"QMP\"");
        double greeted = now();
        command(monitor, "{\"execute\":\"qmp_capabilities\"}\n", "\"return\"");
        command(monitor, "{\"execute\":\"cont\"}\n", "\"return\"");
        command(monitor, "{\"execute\":\"query-status\"}\n", "\"running\": true");
        double up = now();
        kill(pid, SIGTERM);
        waitpid(pid, NULL, 0);
        stop[k] = (now() - up) * 1e3;
        running[k] = (up - begin) * 1e3;
        greeting[k] = (greeted - begin) * 1e3;
        close(monitor);
    }
    printf("{\"bench\":\"qfloor\",\"greeting_ms\":%.2f,\"running_ms\":%.2f,\"destroy_ms\":%.2f}\n",
           percentile(greeting, starts, .5), percentile(running, starts, .5), percentile(stop, starts, .5));
    return 0;
}
