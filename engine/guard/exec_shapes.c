/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_shapes.c: commands that are known to destroy, as a table. */
#include "base/prefix.h"

#include "guard/exec_shapes.h"

#include <strings.h>

#define CONTAINERS "docker|docker-compose|podman|podman-compose|nerdctl|ctr|crictl"

const struct bl_shape bl_shapes[] = {
    /* files */
    {"rm|rmdir|unlink|shred|srm", NULL, NULL, "removes files", "rm -r /srv/data"},
    {"find", NULL, "-delete", "removes files", "find /srv/data -name '*.log' -delete"},
    {"rsync", NULL, "--delete|--del|--delete-*|--remove-source-files", "removes files",
     "rsync -a --delete /srv/a/ /srv/b/"},
    {"tar", NULL, "--remove-files|--delete", "removes files",
     "tar -cf old.tar --remove-files old"},
    {"dd|truncate|mkfs*|mkswap|wipefs|blkdiscard|fdisk|sfdisk|sgdisk|parted", NULL, NULL,
     "overwrites a file or device", "dd if=/dev/zero of=/dev/sdb"},
    {"cryptsetup", "luksformat|erase|luksremovekey|luksclose|close", NULL, "takes storage away",
     "cryptsetup luksFormat /dev/sdb"},
    {"mdadm", NULL, "--stop|-S|--zero-superblock|--remove|--fail", "takes storage away",
     "mdadm --stop /dev/md0"},
    {"umount|swapoff|lvremove|lvreduce|vgremove|pvremove", NULL, NULL, "takes storage away",
     "umount /srv"},
    {"zfs|zpool", "destroy|rollback|export", NULL, "destroys a volume",
     "zfs destroy tank/data@monday"},
    {"btrfs", "delete", NULL, "destroys a volume", "btrfs subvolume delete /srv/old"},
    {"logrotate", NULL, "-f|--force", "removes files", "logrotate --force /etc/logrotate.conf"},
    {"journalctl", NULL, "--vacuum-*|--rotate", "removes logs", "journalctl --vacuum-time=1d"},
    {"git", "clean", NULL, "removes files", "git clean -fdx"},
    {"git", "reset|checkout|restore|switch", "--hard|-f|--force|--discard-changes",
     "throws work away", "git reset --hard"},
    {"git", "push", "-f|--force*|--delete|--mirror|--prune", "rewrites history",
     "git push --force origin main"},
    {"git", "branch|tag|stash", "-d|-D|--delete", "removes branches or tags",
     "git branch -D main"},
    {"git", "drop|clear", NULL, "throws work away", "git stash clear"},
    /* scheduled work */
    {"crontab", NULL, "-r", "removes every scheduled job", "crontab -u postgres -r"},
    {"crontab", "-", NULL, "replaces every scheduled job", "crontab -"},
    {"atrm", NULL, NULL, "removes a scheduled job", "atrm 3"},
    /* databases */
    {"dropdb|dropuser|pg_dropcluster|pg_resetwal|pg_archivecleanup", NULL, NULL,
     "drops what is in the database", "dropdb mastertrade"},
    {"pg_restore", NULL, "-c|--clean", "drops objects before it restores them",
     "pg_restore --clean -d mastertrade last.dump"},
    {"pg_ctl|pg_ctlcluster", "stop|kill", NULL, "stops the database",
     "pg_ctl -D /srv/pg stop -m fast"},
    {"psql|mysql|mariadb|sqlite3|mongosh",
     "drop|delete|truncate|*drop *|*delete *|*truncate *|*dropdatabase*|*deletemany*", NULL,
     "drops or deletes rows or objects", "psql -d mastertrade -c 'drop table orders'"},
    {"psql", NULL, "-o|--output|-L|--log-file", "overwrites a file",
     "psql -o /srv/x -c 'table t'"},
    {"mysqladmin", "drop|shutdown|kill|flush*", NULL, "drops a database or stops the server",
     "mysqladmin drop shop"},
    {"pgbackrest", "restore|expire|stanza-delete|stop", NULL, "replaces or removes data",
     "pgbackrest --stanza=main restore"},
    {"borg|restic|barman|rclone", "delete*|prune|forget|purge|sync|recover", NULL,
     "removes backups or files", "restic forget --keep-last 1"},
    {"alembic", "downgrade|stamp", NULL, "takes the schema back", "alembic downgrade -1"},
    {"redis-cli|valkey-cli|keydb-cli",
     "flush*|shutdown|debug|swapdb|replicaof|slaveof|failover|del|unlink|getdel|*trim|migrate|"
     "kill|*flushall*|*flushdb*",
     NULL, "removes keys or takes the server away", "redis-cli -n 1 FLUSHALL"},
    {"redis-cli|valkey-cli|keydb-cli", NULL, "--eval|--pipe",
     "sends commands that nobody has read", "redis-cli --pipe"},
    {"rabbitmqctl",
     "purge*|delete*|reset|force_reset|stop*|shutdown|forget_*|close_*|clear_*|rotate_logs",
     NULL, "removes messages or takes the broker away", "rabbitmqctl purge_queue orders"},
    {"rabbitmqadmin|rabbitmq-queues|rabbitmq-upgrade|rabbitmq-streams",
     "purge|delete*|close|shrink|drain", NULL, "removes queues or messages",
     "rabbitmqadmin delete queue name=orders"},
    {"kafka-topics*|kafka-consumer-groups*|kafka-delete-records*", NULL,
     "--delete|--delete-offsets|--offset-json-file|--reset-offsets", "removes messages",
     "kafka-topics.sh --delete --topic orders"},
    {"etcdctl|consul|vault", "del|delete|destroy|leave|revoke", NULL, "removes entries",
     "etcdctl del --prefix /app"},
    /* processes and the machine */
    {"kill|pkill|killall|skill", NULL, "-9|-KILL|-SIGKILL|-s|--signal|-n",
     "ends a process by force", "kill -9 4711"},
    {"killall5|shutdown|reboot|halt|poweroff|telinit", NULL, NULL, "stops the machine",
     "shutdown -h now"},
    {"init", "0|6|1|s", NULL, "stops the machine", "init 6"},
    {"fuser", NULL, "-k|--kill", "ends processes by force", "fuser -k 5432/tcp"},
    {"tmux|screen", "kill-*|quit", NULL, "ends sessions", "tmux kill-server"},
    {"systemctl|service|rc-service|supervisorctl|sv|initctl",
     "stop|kill|disable|mask|isolate|poweroff|reboot|halt|shutdown|down|rescue|emergency|"
     "kexec|remove|clean|revert",
     NULL, "stops a service", "systemctl stop redis"},
    {"invoke-rc.d", "stop", NULL, "stops a service", "invoke-rc.d redis-server stop"},
    {"apt|apt-get|aptitude|yum|dnf|apk|zypper|snap", "remove|purge|autoremove|erase|del", NULL,
     "removes packages", "apt-get purge redis-server"},
    {"dpkg|rpm", NULL, "-r|-P|--remove|--purge|-e|--erase", "removes packages",
     "dpkg --purge redis-server"},
    {"userdel|groupdel|deluser|delgroup", NULL, NULL, "removes accounts", "userdel -r trader"},
    {"passwd|usermod", NULL, "-d|-l|-L|--delete|--lock", "locks accounts", "usermod -L trader"},
    /* the network */
    {"iptables|ip6tables|iptables-legacy|ebtables", NULL,
     "-F|-X|-D|-Z|--flush|--delete|--delete-chain", "opens or cuts the network",
     "iptables -F INPUT"},
    {"iptables-restore|ip6tables-restore", NULL, NULL, "opens or cuts the network",
     "iptables-restore rules.v4"},
    {"nft", "flush|delete|destroy|reset", NULL, "opens or cuts the network",
     "nft flush ruleset"},
    {"nft", NULL, "-f|--file", "opens or cuts the network", "nft -f rules.nft"},
    {"ufw", "disable|reset|delete", NULL, "opens or cuts the network", "ufw disable"},
    {"ip", "del|delete|flush|down", NULL, "cuts the network", "ip link set eth0 down"},
    {"ifconfig|ifdown", "down", NULL, "cuts the network", "ifconfig eth0 down"},
    /* containers and clusters */
    {CONTAINERS, "stop*|rm|rmi|rmp|kill|prune|down|leave|remove|delete", NULL,
     "stops or removes containers, images or volumes", "docker compose down -v"},
    {CONTAINERS, "up|run|create", "--force-recreate|-V|--renew-anon-volumes|--remove-orphans",
     "replaces containers or their volumes", "docker compose up -d --remove-orphans"},
    {"kubectl|oc", "delete|drain", NULL, "removes what runs in the cluster",
     "kubectl delete pod redis-0"},
    {"helm", "uninstall|delete|rollback", NULL, "replaces a release", "helm uninstall shop"},
    {"terraform|tofu|pulumi", "destroy|apply|up", NULL, "replaces infrastructure",
     "terraform destroy"},
    {"aws|gcloud|az|gsutil|mc|s3cmd", "delete*|terminate*|stop*|rm|rb|mv|remove*", NULL,
     "removes resources", "aws s3 rm s3://backups/last"},
    {0},
};

/* One alternative against one word: exact, "prefix*", or "*inside*". */
static bool shape_fits(const char *pattern, size_t len, const char *word)
{
    bool starts = len > 1 && pattern[len - 1] == '*', ends = len > 1 && pattern[0] == '*';
    size_t given = strlen(word);

    if (starts && ends) {
        char inside[40];
        snprintf(inside, sizeof(inside), "%.*s", (int)(len - 2), pattern + 1);
        return strcasestr(word, inside) != NULL;
    }
    if (starts)
        return strncasecmp(word, pattern, len - 1) == 0;
    if (ends)
        return given >= len - 1 && strcasecmp(word + given - (len - 1), pattern + 1) == 0;
    return given == len && strncasecmp(word, pattern, len) == 0;
}

/* A letter or digit of a bundle: -f in -rf, -9 in -9. */
static bool shape_is_letter(char letter, const char *word)
{
    if (letter >= '0' && letter <= '9')
        return word[1] == letter && (word[2] < '0' || word[2] > '9');
    return word[1] != '-' && strchr(word, letter) != NULL;
}

/* An option as getopt reads it: letters in a bundle, long ones cut short (--cle). */
static bool shape_is_option(const char *option, size_t len, const char *word)
{
    size_t given = strcspn(word, "=");

    if (word[0] != '-')
        return false;
    if (len == 2 && option[1] != '-')
        return shape_is_letter(option[1], word);
    if (option[1] == '-' && given > 2 && given < len)
        return strncmp(option, word, given) == 0;
    return shape_fits(option, len, word) || (given == len && strncmp(option, word, len) == 0);
}

typedef bool shape_compare(const char *pattern, size_t len, const char *word);

static bool shape_any(const char *alternatives, const char *word, shape_compare *compare)
{
    while (*alternatives != '\0') {
        size_t len = strcspn(alternatives, "|");
        if (compare(alternatives, len, word))
            return true;
        alternatives += len + (alternatives[len] == '|');
    }
    return false;
}

static bool shape_has(const char *const *words, size_t count, const char *alternatives,
                      shape_compare *compare)
{
    if (alternatives == NULL)
        return true;
    for (size_t i = 1; i < count; i++) {
        if (shape_any(alternatives, words[i], compare))
            return true;
    }
    return false;
}

const struct bl_shape *bl_shape_find(const char *const *words, size_t count)
{
    const char *slash = strrchr(words[0], '/');
    const char *program = slash == NULL ? words[0] : slash + 1;

    for (const struct bl_shape *shape = bl_shapes; shape->program != NULL; shape++) {
        if (shape_any(shape->program, program, shape_fits) &&
            shape_has(words, count, shape->words, shape_fits) &&
            shape_has(words, count, shape->options, shape_is_option))
            return shape;
    }
    return NULL;
}
