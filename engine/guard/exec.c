/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec.c: the shapes of destructive commands, and how a command is found behind its wrappers.
 */
#include "base/prefix.h"

#include "guard/exec.h"

#include <strings.h>

/*
 * One destructive shape: a program with one of these words and one of these options among its
 * arguments, wherever they stand. Alternatives are split by |; "x*" is any word that begins so,
 * "*x*" any that holds it. NULL: not asked. What is matched too eagerly only asks a person.
 */
struct shape {
    const char *program, *words, *options, *why;
};

#define CONTAINERS "docker|docker-compose|podman|podman-compose|nerdctl"
#define SHELLS "sh|bash|dash|zsh|ksh|ash|su|ssh|eval"

static const struct shape shapes[] = {
    {"rm|rmdir|unlink|shred|srm", NULL, NULL, "removes files"},
    {"find", NULL, "-delete", "removes files"},
    {"rsync", NULL, "--delete|--del|--delete-*|--remove-source-files", "removes files"},
    {"dd|truncate|mkfs*|wipefs|blkdiscard|fdisk|sfdisk|parted", NULL, NULL,
     "overwrites a file or device"},
    {"umount|swapoff|lvremove|vgremove|pvremove", NULL, NULL, "takes storage away"},
    {"zfs|zpool", "destroy|rollback", NULL, "destroys a volume"},
    {"crontab", NULL, "-r", "removes every scheduled job"},
    {"dropdb|dropuser|pg_dropcluster|pg_resetwal", NULL, NULL, "drops what is in the database"},
    {"pg_restore", NULL, "-c|--clean", "drops objects before it restores them"},
    {"pg_ctl|pg_ctlcluster", "stop|kill", NULL, "stops the database"},
    {"psql", "drop|delete|truncate|*drop *|*delete *|*truncate *", NULL,
     "drops or deletes rows or objects"},
    {"pgbackrest", "restore|expire|stanza-delete", NULL, "replaces or removes data"},
    {"borg|restic|barman", "delete|prune|forget", NULL, "removes backups"},
    {"redis-cli", "flush*|shutdown|debug|swapdb|replicaof|slaveof|failover|del|unlink", NULL,
     "removes keys or takes the server away"},
    {"rabbitmqctl", "purge*|delete*|reset|force_reset|stop*|shutdown|forget_*|close_*", NULL,
     "removes messages or takes the broker away"},
    {"rabbitmqadmin|rabbitmq-queues", "purge|delete*", NULL, "removes queues or messages"},
    {"kill|pkill|killall", NULL, "-9|-KILL|-SIGKILL|-s|--signal", "ends a process by force"},
    {"killall5|shutdown|reboot|halt|poweroff|telinit", NULL, NULL, "stops the machine"},
    {CONTAINERS, "stop|rm|rmi|kill|prune|down|leave", NULL,
     "stops or removes containers, images or volumes"},
    {"kubectl|oc", "delete|drain", NULL, "removes what runs in the cluster"},
    {"helm", "uninstall|delete|rollback", NULL, "replaces a release"},
    {"terraform|tofu", "destroy|apply", NULL, "replaces infrastructure"},
    {"aws|gcloud|az", "delete*|terminate*|stop*|rm|rb", NULL, "removes resources"},
    {"systemctl|service|rc-service|supervisorctl|sv",
     "stop|kill|disable|mask|isolate|poweroff|reboot|halt|shutdown|down", NULL,
     "stops a service"},
    {"invoke-rc.d", "stop", NULL, "stops a service"},
    {"apt|apt-get|aptitude|yum|dnf|apk", "remove|purge|autoremove|erase|del", NULL,
     "removes packages"},
    {"dpkg", NULL, "-r|-P|--remove|--purge", "removes packages"},
    {"userdel|groupdel|deluser|delgroup", NULL, NULL, "removes accounts"},
    {"iptables|ip6tables", NULL, "-F|-X|-D|--flush|--delete", "opens or cuts the network"},
    {"nft", "flush|delete", NULL, "opens or cuts the network"},
    {"git", "clean", NULL, "removes files"},
    {"git", "reset", "--hard", "throws work away"},
    {"git", "push", "-f|--force*|--delete", "rewrites history"},
    {"alembic", "downgrade", NULL, "takes the schema back"},
};

/*
 * Programs that run another one: options that take a value (letters), and arguments before the
 * program.
 */
struct wrapper {
    const char *name, *values;
    unsigned skip;
};

static const struct wrapper wrappers[] = {
    {"sudo", "ugpChrtTDRU", 0}, {"doas", "uC", 0},    {"env", "uCS", 0},
    {"nice", "n", 0},           {"ionice", "cnp", 0}, {"nohup", "", 0},
    {"setsid", "", 0},          {"stdbuf", "ioe", 0}, {"time", "fo", 0},
    {"timeout", "ks", 1},       {"setpriv", "", 0},   {"xargs", "adEIiLlnPs", 0},
    {"chroot", "", 1},          {"flock", "wE", 1},
};

struct words {
    const char *const *list;
    size_t count;
};

static const char *command_base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* One alternative against one word: exact, "prefix*", or "*inside*". */
static bool command_fits(const char *pattern, size_t len, const char *word)
{
    bool starts = len > 1 && pattern[len - 1] == '*';

    if (starts && pattern[0] == '*') {
        char inside[40];
        snprintf(inside, sizeof(inside), "%.*s", (int)(len - 2), pattern + 1);
        return strcasestr(word, inside) != NULL;
    }
    if (starts)
        return strncasecmp(word, pattern, len - 1) == 0;
    return strlen(word) == len && strncasecmp(word, pattern, len) == 0;
}

/* An option as getopt reads it: letters in a bundle (-rf), long ones cut short (--cle). */
static bool command_is_option(const char *option, size_t len, const char *word)
{
    size_t given = strcspn(word, "=");

    if (word[0] != '-')
        return false;
    if (len == 2 && option[1] != '-' && (option[1] < '0' || option[1] > '9'))
        return word[1] != '-' && strchr(word, option[1]) != NULL;
    if (option[1] == '-' && given > 2 && given < len && strncmp(option, word, given) == 0)
        return true;
    return command_fits(option, len, word);
}

typedef bool command_compare(const char *pattern, size_t len, const char *word);

static bool command_any(const char *alternatives, size_t total, const char *word,
                        command_compare *compare)
{
    for (size_t at = 0; at < total;) {
        size_t len = strcspn(alternatives + at, "|");
        if (at + len > total)
            len = total - at;
        if (compare(alternatives + at, len, word))
            return true;
        at += len + 1;
    }
    return false;
}

static bool command_has_option(const struct words *words, const char *options)
{
    for (size_t i = 1; i < words->count; i++) {
        if (command_any(options, strlen(options), words->list[i], command_is_option))
            return true;
    }
    return false;
}

static bool command_has_word(const struct words *words, const char *alternatives)
{
    for (size_t i = 1; i < words->count; i++) {
        if (command_any(alternatives, strlen(alternatives), words->list[i], command_fits))
            return true;
    }
    return false;
}

/* The reason when these words are a known destructive command; NULL when not. */
static const char *command_shape(const struct words *words)
{
    const char *program = command_base(words->list[0]);

    for (size_t i = 0; i < BL_COUNT(shapes); i++) {
        const struct shape *shape = &shapes[i];
        if (command_any(shape->program, strlen(shape->program), program, command_fits) &&
            (shape->words == NULL || command_has_word(words, shape->words)) &&
            (shape->options == NULL || command_has_option(words, shape->options)))
            return shape->why;
    }
    return NULL;
}

/*
 * A shape that begins at any of the words: after sudo, xargs, find -exec, docker exec, or
 * anywhere in a shell text.
 */
static const char *command_shape_inside(const struct words *words, size_t from)
{
    for (size_t i = from; i < words->count; i++) {
        struct words tail = {words->list + i, words->count - i};
        const char *why = command_shape(&tail);
        if (why != NULL)
            return why;
    }
    return NULL;
}

/* Cuts a shell text into words, everything that is not a word taken as a border. */
static size_t command_split(char *text, const char **list, size_t room)
{
    size_t count = 0;
    char *rest = text, *word;

    while ((word = strsep(&rest, " \t\r\n;|&(){}<>`'\"$\\")) != NULL && count < room) {
        if (*word != '\0')
            list[count++] = word;
    }
    return count;
}

/* Redirects output into a file that is not only appended to. */
static bool command_overwrites(const char *text)
{
    for (const char *at = strchr(text, '>'); at != NULL; at = strchr(at, '>')) {
        bool appends = at[1] == '>';
        at += 1 + appends;
        at += strspn(at, "| \t");
        if (!appends && *at != '&' && strncmp(at, "/dev/null", 9) != 0)
            return true;
    }
    return false;
}

static const char *command_shape_text(const char *text)
{
    size_t room = strlen(text) / 2 + 1;
    const char **list = bl_alloc(room * sizeof(*list));
    char *copy = bl_strdup(text);
    struct words words = {list, command_split(copy, list, room)};
    const char *why = command_shape_inside(&words, 0);

    if (why == NULL && command_overwrites(text))
        why = "overwrites a file";
    bl_free(list);
    bl_free(copy);
    return why;
}

static const struct wrapper *command_wrapper(const char *word)
{
    for (size_t i = 0; i < BL_COUNT(wrappers); i++) {
        if (strcmp(wrappers[i].name, command_base(word)) == 0)
            return &wrappers[i];
    }
    return NULL;
}

/* The place of the program that a wrapper runs, or of the wrapper itself when it runs none. */
static size_t command_unwrap(const struct words *words)
{
    size_t at = 0;
    const struct wrapper *wrapper;

    while ((wrapper = command_wrapper(words->list[at])) != NULL) {
        size_t next = at + 1, skip = wrapper->skip;
        for (; next < words->count; next++) {
            const char *word = words->list[next];
            if (word[0] == '-' && word[1] != '\0')
                next += word[1] != '-' && word[2] == '\0' && strchr(wrapper->values, word[1]);
            else if (strchr(word, '=') == NULL && skip-- == 0)
                break;
        }
        if (next >= words->count)
            return at;
        at = next;
    }
    return at;
}

/* A shape in any word that a shell will read as text: sh -c TEXT, su -c TEXT, ssh host TEXT. */
static const char *command_shape_shells(const struct words *words)
{
    const char *why = NULL;
    bool is_shell = false;

    for (size_t i = 0; why == NULL && i < words->count; i++) {
        if (is_shell)
            why = command_shape_text(words->list[i]);
        is_shell = is_shell || command_any(SHELLS, strlen(SHELLS), command_base(words->list[i]),
                                           command_fits);
    }
    return why;
}

/* What the environment says about the program. */
static void command_list(const struct bl_value *listed, struct bl_command *out)
{
    const struct bl_value *entry = bl_map_get(listed, out->program);
    const char *class = bl_map_text(entry, "class", "destroy");

    snprintf(out->target, sizeof(out->target), "%s", bl_map_text(entry, "target", ""));
    if (out->target[0] == '\0')
        snprintf(out->target, sizeof(out->target), "exec.%s", out->program);
    out->class = BL_CLASS_DESTROY;
    out->why = "is a program that the environment's exec table does not list";
    if (bl_value_type(entry) != BL_MAP)
        return;
    out->why = "has the class that the environment's exec table gives it";
    if (strcmp(class, "change") == 0 || strcmp(class, "observe") == 0)
        out->class = BL_CLASS_CHANGE;
}

void bl_command_classify(const struct bl_value *argv, bool shell, const struct bl_value *listed,
                         struct bl_command *out)
{
    size_t count = bl_value_count(argv);
    const char **list = bl_alloc((count + 1) * sizeof(*list));
    struct words words = {list, count};
    const char *why;

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < count; i++)
        list[i] = bl_value_as_text(bl_list_get(argv, i));
    if (count == 0)
        list[words.count++] = "";
    snprintf(out->program, sizeof(out->program), "%s",
             shell ? "sh" : command_base(list[command_unwrap(&words)]));
    command_list(listed, out);
    why = shell ? command_shape_text(list[0]) : command_shape_inside(&words, 0);
    if (why == NULL && !shell)
        why = command_shape_shells(&words);
    if (why != NULL) {
        out->class = BL_CLASS_DESTROY;
        out->why = why;
    }
    bl_free(list);
}
