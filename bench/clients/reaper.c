/* reaper COMMAND...: runs a daemon and reaps what it leaves behind. Guests of a daemon become orphans; where process 1
 * reaps late, the daemon still sees a dead guest as a zombie and its destroy call takes seconds, which says nothing about
 * the daemon. At the end of the daemon its guests are killed, and it ends when whoever started it does. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t daemon_pid;

static void forward(int signal)
{
    kill(daemon_pid, signal);
}

/* What is left are the daemon's orphans: they belong to this process now. */
static void kill_children(void)
{
    char path[64];
    int pid;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
    FILE *file = fopen(path, "r");
    if (!file)
        return;
    while (fscanf(file, "%d", &pid) == 1)
        kill(pid, SIGKILL);
    fclose(file);
}

int main(int count, char **words)
{
    int status, code = 1, over = 0;
    pid_t ended;
    if (count < 2)
        return 2;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    daemon_pid = fork();
    if (daemon_pid == 0) {
        execvp(words[1], words + 1);
        _exit(127);
    }
    signal(SIGTERM, forward);
    signal(SIGINT, SIG_IGN);
    while ((ended = wait(&status)) > 0) {
        if (ended == daemon_pid) {
            code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
            over = 1;
        }
        if (over)
            kill_children();
    }
    return code;
}
