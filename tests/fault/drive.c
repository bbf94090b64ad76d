/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* drive.c: starts the engine for the fault suite: to be cut off, with nobody there, or in a
 * terminal. */
#include "base/prefix.h"

#include "fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define DRIVE_SECONDS 60 /* the longest that one start of the engine may take */
#define DRIVE_ARGUMENTS 20

void fault_end_init(struct fault_end *end)
{
    *end = (struct fault_end){.status = -1};
    bl_buf_init(&end->output, 4 << 20);
}

void fault_end_release(struct fault_end *end)
{
    bl_buf_release(&end->output);
}

/* What the engine finds in its environment: no terminal's name, no other preloaded library. */
static void drive_environment(const struct fault_lane *lane, const struct fault_cut *cut)
{
    char number[24];

    clearenv();
    setenv("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", 1);
    setenv("HOME", lane->folder, 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TERM", "dumb", 1);
    setenv("FAULT_PASSWORD", TEST_POSTGRES_PASSWORD, 1);
    if (cut == NULL || cut->point < 0)
        return;
    setenv("LD_PRELOAD", lane->library, 1);
    snprintf(number, sizeof(number), "%ld", cut->point);
    setenv("FAULT_POINT", number, 1);
    snprintf(number, sizeof(number), "%d", cut->signal);
    setenv("FAULT_SIGNAL", number, 1);
    setenv("FAULT_REACHED", fault_lane_path(lane, "reached"), 1);
    setenv("FAULT_LIST", fault_lane_path(lane, "points"), 1);
    snprintf(number, sizeof(number), "%ld", cut->whom);
    if (cut->whom != 0)
        setenv("FAULT_PID", number, 1);
    snprintf(number, sizeof(number), "%d", lane->victim == NULL ? 0 : lane->victim->port);
    setenv("FAULT_PORT", number, 1);
}

/* In the child. */
static _Noreturn void drive_exec(const struct fault_lane *lane, const struct fault_cut *cut,
                                 const char *const *words)
{
    const char *argv[DRIVE_ARGUMENTS + 6] = {lane->belay};
    int count = 1;

    for (int i = 0; words[i] != NULL && i < DRIVE_ARGUMENTS; i++)
        argv[count++] = words[i];
    argv[count++] = "--project";
    argv[count++] = fault_lane_path(lane, "project");
    argv[count++] = "--env";
    argv[count++] = lane->environment;
    drive_environment(lane, cut);
    if (chdir(lane->folder) == 0)
        execv(lane->belay, (char *const *)(uintptr_t)argv);
    dprintf(2, "fault: cannot start %s: %s\n", lane->belay, strerror(errno));
    _exit(126);
}

/* Reads what comes until the other end is closed or time is over; false: over. */
static bool drive_read(int fd, struct fault_end *end, int *left)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    char bytes[8192];
    ssize_t got;

    while (*left > 0 && poll(&wait, 1, 100) == 0)
        *left -= 100;
    if (*left <= 0)
        return false;
    got = read(fd, bytes, sizeof(bytes));
    if (got <= 0)
        return false; /* EIO: a terminal whose last user has ended */
    bl_buf_add(&end->output, bytes, (size_t)got);
    return true;
}

static void drive_reap(pid_t pid, int left, struct fault_end *end)
{
    int status = 0;

    for (; left > 0 && waitpid(pid, &status, WNOHANG) == 0; left -= 2)
        usleep(2000);
    if (left <= 0) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        bl_buf_printf(&end->output, "\nfault: not ended after %d s\n", DRIVE_SECONDS);
        return;
    }
    end->signaled = WIFSIGNALED(status);
    end->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void drive_reached(struct fault_lane *lane, struct fault_end *end)
{
    const char *path = fault_lane_path(lane, "reached");
    FILE *file = fopen(path, "re");

    end->reached = file != NULL;
    if (file == NULL)
        return;
    if (fgets(end->where, sizeof(end->where), file) != NULL)
        end->where[strcspn(end->where, "\n")] = '\0';
    fclose(file);
    unlink(path);
}

static void drive(struct fault_lane *lane, const struct fault_cut *cut,
                  const char *const *words, struct fault_end *end)
{
    int pipes[2], left = DRIVE_SECONDS * 1000;
    pid_t pid;

    if (pipe2(pipes, O_CLOEXEC) != 0)
        BL_BUG("fault: pipe: %s", strerror(errno));
    pid = fork();
    if (pid == 0) {
        setsid(); /* no terminal is there */
        dup2(open("/dev/null", O_RDONLY), 0);
        dup2(pipes[1], 1);
        dup2(pipes[1], 2);
        close_range(3, ~0U, 0);
        drive_exec(lane, cut, words);
    }
    close(pipes[1]);
    while (drive_read(pipes[0], end, &left))
        continue;
    drive_reap(pid, left, end);
    close(pipes[0]);
    drive_reached(lane, end);
}

/* In the environment that asks before a change somebody has said yes beforehand. */
static const char *drive_yes(const struct fault_lane *lane)
{
    return strcmp(lane->environment, "asked") == 0 ? "--yes" : NULL;
}

void fault_run(struct fault_lane *lane, const struct fault_cut *cut, struct fault_end *end)
{
    const char *words[] = {"run", "order", drive_yes(lane), NULL};

    drive(lane, cut, words, end);
}

void fault_verb(struct fault_lane *lane, const char *verb, const char *run,
                const char *const *more, struct fault_end *end)
{
    const char *words[DRIVE_ARGUMENTS] = {verb, run};
    int count = 2;

    while (more != NULL && *more != NULL && count < DRIVE_ARGUMENTS - 1)
        words[count++] = *more++;
    drive(lane, NULL, words, end);
}

void fault_resume(struct fault_lane *lane, const char *run, const struct fault_cut *cut,
                  struct fault_end *end)
{
    const char *words[] = {"resume", run, drive_yes(lane), NULL};

    drive(lane, cut, words, end);
}

/* A question that stands on the screen behind what was read, once it is there in full. */
static const char *terminal_question(const struct fault_end *end, size_t from)
{
    const char *screen = bl_buf_text(&end->output) + from;
    const char *prompt = strstr(screen, "Your choice (1-");

    return prompt != NULL && strchr(prompt, ':') != NULL ? screen : NULL;
}

/* The truth, typed or sent; what cannot be told is answered with "abort", and the run ends. */
static void terminal_answer(struct fault_lane *lane, int fd, const char *run,
                            bool from_elsewhere, const char *question)
{
    const char *truth = fault_answer(lane, question), *at = strstr(question, "? Gate ");
    struct fault_end approve;
    char gate[12] = "";

    if (truth == NULL)
        truth = "abort";
    if (!from_elsewhere) {
        if (dprintf(fd, "%s\n", truth) < 0)
            BL_BUG("fault: the terminal is gone");
        return;
    }
    if (at != NULL) /* other branches may ask as well */
        snprintf(gate, sizeof(gate), "%.*s", (int)strspn(at + 7, "0123456789"), at + 7);
    fault_end_init(&approve);
    fault_verb(lane, "approve", run, (const char *const[]){gate, "--answer", truth, NULL},
               &approve);
    if (approve.status != 0) {
        printf("approve ended with %d: %s", approve.status, bl_buf_text(&approve.output));
        (void)dprintf(fd, "abort\n");
    }
    fault_end_release(&approve);
}

int fault_resume_answered(struct fault_lane *lane, const char *run, bool from_elsewhere,
                          struct fault_end *end)
{
    const char *words[] = {"resume", run, drive_yes(lane), NULL}, *question;
    struct winsize size = {.ws_row = 50, .ws_col = 80};
    int fd, left = DRIVE_SECONDS * 1000, answered = 0;
    size_t from = 0;
    pid_t pid = forkpty(&fd, NULL, NULL, &size);

    if (pid < 0)
        BL_BUG("fault: forkpty: %s", strerror(errno));
    if (pid == 0) {
        close_range(3, ~0U, 0);
        drive_exec(lane, NULL, words);
    }
    while (drive_read(fd, end, &left)) {
        question = terminal_question(end, from);
        if (question != NULL) {
            from = end->output.len;
            terminal_answer(lane, fd, run, from_elsewhere, question);
            answered++;
        }
    }
    drive_reap(pid, left, end);
    close(fd);
    return answered;
}

/* The id of the only run that has a file; false: none has. */
static bool drive_run_id(struct fault_lane *lane, char *out, size_t size)
{
    DIR *folder = opendir(fault_lane_path(lane, "state/runs"));
    const struct dirent *entry;
    bool is_found = false;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        size_t len = strlen(entry->d_name);
        if (len > 6 && len - 6 < size && strcmp(entry->d_name + len - 6, ".belay") == 0) {
            snprintf(out, size, "%.*s", (int)(len - 6), entry->d_name);
            is_found = true;
        }
    }
    if (folder != NULL)
        closedir(folder);
    return is_found;
}

/* Whether the run's log says something. */
static bool drive_log_has(struct fault_lane *lane, const char *run, const char *text)
{
    struct fault_end end;
    bool is_there;

    fault_end_init(&end);
    fault_verb(lane, "log", run, NULL, &end);
    is_there = end.status == 0 && strstr(bl_buf_text(&end.output), text) != NULL;
    fault_end_release(&end);
    return is_there;
}

bool fault_run_begun(struct fault_lane *lane, char *out, size_t size)
{
    return drive_run_id(lane, out, size) && drive_log_has(lane, out, "run_started");
}

bool fault_run_ended(struct fault_lane *lane, const char *run)
{
    return drive_log_has(lane, run, "run_ended      exit 0");
}

#define DRIVE_INTENTS 100

/* What the log says of change number n, by lines of two kinds. */
struct drive_story {
    bool sent[DRIVE_INTENTS], answered[DRIVE_INTENTS], resolved[DRIVE_INTENTS];
};

static void drive_read_line(struct drive_story *story, const char *line)
{
    char kind[24], number[24];
    long n;

    if (sscanf(line, "%*s %*s %23s %23s", kind, number) != 2 || number[0] != '#')
        return;
    n = strtol(number + 1, NULL, 10);
    if (n < 0 || n >= DRIVE_INTENTS)
        BL_BUG("fault: a run with change number %ld", n);
    story->sent[n] |= strcmp(kind, "intent") == 0;
    story->answered[n] |= strcmp(kind, "outcome") == 0;
    story->resolved[n] |= strcmp(kind, "resolved") == 0 || strcmp(kind, "doubt_ended") == 0;
}

bool fault_run_explained(struct fault_lane *lane, const char *run, int *doubts,
                         struct bl_buf *missing)
{
    struct drive_story story = {0};
    struct fault_end end;

    fault_end_init(&end);
    fault_verb(lane, "log", run, NULL, &end);
    for (char *rest = end.output.data, *line; (line = strsep(&rest, "\n")) != NULL;)
        drive_read_line(&story, line);
    fault_end_release(&end);
    *doubts = 0;
    for (int n = 0; n < DRIVE_INTENTS; n++) {
        *doubts += story.sent[n] && (story.resolved[n] || !story.answered[n]);
        if (story.sent[n] && !story.answered[n] && !story.resolved[n])
            bl_buf_printf(missing, "  nothing is said of what became of change #%d\n", n);
    }
    return missing->len == 0;
}
