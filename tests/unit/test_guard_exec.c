/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_guard_exec.c: the class of commands, by their words and by the environment. */
#include "base/prefix.h"

#include "base/json.h"
#include "guard/exec.h"
#include "guard/exec_shapes.h"

#include <setjmp.h>

#include <cmocka.h>

const struct bl_module *const bl_modules[] = {NULL};

static const char listing[] =
    "{\"docker\":{\"class\":\"change\"},\"psql\":{\"class\":\"change\",\"target\":"
    "\"postgres.main\"},\"sh\":{\"class\":\"change\"},\"kill\":{\"class\":\"change\"},"
    "\"true\":{\"class\":\"observe\"},\"pg_restore\":{\"class\":\"change\"},"
    "\"rabbitmqctl\":{\"class\":\"change\"},\"systemctl\":{\"class\":\"change\"},"
    "\"find\":{\"class\":\"change\"},\"git\":{\"class\":\"change\"},\"rm\":{\"class\":"
    "\"change\"},\"bash\":{\"class\":\"change\"},\"xargs\":{\"class\":\"change\"}}";

static struct bl_value *json(const char *text)
{
    struct bl_value *value = NULL;
    struct bl_error err;

    if (bl_json_parse(text, strlen(text), true, &value, &err) != BL_OK)
        fail_msg("%s", err.message);
    return value;
}

/* argv is a JSON list, or a text for the shell. */
static struct bl_command classify_input(const char *argv, const char *input, const char *listed)
{
    struct bl_value *list, *table = listed == NULL ? NULL : json(listed);
    struct bl_command command;

    if (argv[0] == '[') {
        list = json(argv);
    } else {
        list = bl_list_new();
        bl_list_add(list, bl_value_text(argv));
    }
    bl_command_classify(list, argv[0] != '[', input, table, &command);
    bl_value_unref(list);
    bl_value_unref(table);
    return command;
}

static struct bl_command classify(const char *argv, const char *listed)
{
    return classify_input(argv, NULL, listed);
}

static void assert_class(const char *argv, enum bl_class class)
{
    struct bl_command command = classify(argv, listing);

    if (command.class != class)
        fail_msg("%s is %s (%s), not %s", argv, bl_class_name(command.class), command.why,
                 bl_class_name(class));
}

static void test_guard__known_shapes_are_destroy_though_listed(void **state)
{
    static const char *const destroys[] = {
        "[\"docker\",\"compose\",\"down\",\"-v\"]",
        "[\"docker\",\"-H\",\"tcp://127.0.0.1:1\",\"compose\",\"-f\",\"x.yml\",\"down\"]",
        "[\"docker\",\"rm\",\"-f\",\"postgres\"]",
        "[\"docker\",\"system\",\"prune\"]",
        "[\"docker\",\"kill\",\"redis\"]",
        "[\"/usr/bin/docker\",\"exec\",\"pg\",\"dropdb\",\"main\"]",
        "[\"rm\",\"-r\",\"/srv/data\"]",
        "[\"dropdb\",\"mastertrade\"]",
        "[\"pg_restore\",\"--clean\",\"-d\",\"x\"]",
        "[\"pg_restore\",\"--cle\",\"-d\",\"x\"]",
        "[\"pg_restore\",\"-Oc\"]",
        "[\"kill\",\"-9\",\"1234\"]",
        "[\"kill\",\"-KILL\",\"1234\"]",
        "[\"rabbitmqctl\",\"purge_queue\",\"orders\"]",
        "[\"rabbitmqctl\",\"-n\",\"x@localhost\",\"delete_queue\",\"orders\"]",
        "[\"systemctl\",\"stop\",\"redis\"]",
        "[\"sudo\",\"-u\",\"postgres\",\"systemctl\",\"stop\",\"redis\"]",
        "[\"find\",\"/tmp/x\",\"-delete\"]",
        "[\"find\",\"/tmp/x\",\"-exec\",\"rm\",\"{}\",\";\"]",
        "[\"xargs\",\"-n\",\"1\",\"rm\"]",
        "[\"psql\",\"-c\",\"DROP TABLE orders\"]",
        "[\"bash\",\"-c\",\"true && rm -rf /srv/x\"]",
        "[\"git\",\"reset\",\"--hard\"]",
        "true; rm -rf /srv/x",
        "echo $(dropdb x)",
        "cat a > b",
        "cat a 2> b",
        "'rm' x",
    };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(destroys); i++)
        assert_class(destroys[i], BL_CLASS_DESTROY);
}

static void test_guard__listed_programs_have_their_class(void **state)
{
    static const char *const changes[] = {
        "[\"docker\",\"compose\",\"up\",\"-d\"]",
        "[\"docker\",\"compose\",\"restart\",\"alerts\"]",
        "[\"/usr/bin/docker\",\"ps\"]",
        "[\"psql\",\"-c\",\"select 1\"]",
        "[\"sudo\",\"-u\",\"postgres\",\"psql\",\"-c\",\"select 1\"]",
        "[\"env\",\"A=1\",\"timeout\",\"-s\",\"INT\",\"5\",\"docker\",\"ps\"]",
        "[\"kill\",\"1234\"]",
        "[\"true\"]",
        "[\"pg_restore\",\"-l\",\"x.dump\"]",
        "[\"systemctl\",\"restart\",\"redis\"]",
        "[\"git\",\"status\"]",
        "cat a 2>&1 >> b",
        "true > /dev/null",
    };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(changes); i++)
        assert_class(changes[i], BL_CLASS_CHANGE);
}

static void test_guard__unlisted_programs_are_destroy(void **state)
{
    struct bl_command command;

    (void)state;
    assert_class("[\"made-up\",\"status\"]", BL_CLASS_DESTROY);
    assert_class("[\"sudo\",\"made-up\"]", BL_CLASS_DESTROY);
    assert_class("[\"sudo\"]", BL_CLASS_DESTROY);
    assert_class("[]", BL_CLASS_DESTROY);
    command = classify("ls", NULL);
    assert_int_equal(command.class, BL_CLASS_DESTROY);
    command = classify("[\"ls\"]", "{\"ls\":\"change\"}");
    assert_int_equal(command.class, BL_CLASS_DESTROY);
}

static void test_guard__target_is_the_environments_or_the_program(void **state)
{
    struct bl_command command = classify("[\"sudo\",\"/usr/bin/psql\"]", listing);

    (void)state;
    assert_string_equal(command.program, "psql");
    assert_string_equal(command.target, "postgres.main");
    command = classify("[\"/usr/bin/docker\",\"ps\"]", listing);
    assert_string_equal(command.target, "exec.docker");
    command = classify("ls | wc -l", listing);
    assert_string_equal(command.target, "exec.sh");
}

/* An environment that lists every program of a text as a change. */
static struct bl_value *list_all(const char *text)
{
    struct bl_value *table = bl_map_new();
    char *copy = bl_strdup(text), *rest = copy, *word;

    while ((word = strsep(&rest, " ")) != NULL) {
        struct bl_value *entry = bl_map_new();
        bl_map_set(entry, "class", bl_value_text("change"));
        bl_map_set(table, word, entry);
    }
    bl_free(copy);
    return table;
}

/* The text cut at blanks, quotes around an argument taken off. */
static struct bl_value *cut(const char *text)
{
    struct bl_value *list = bl_list_new();

    while (*text != '\0') {
        bool is_quoted = *text == '\'';
        size_t len;
        text += is_quoted;
        len = strcspn(text, is_quoted ? "'" : " ");
        bl_list_add(list, bl_value_bytes(text, len));
        text += len + (is_quoted && text[len] != '\0');
        text += strspn(text, " ");
    }
    return list;
}

static void assert_text(const char *text, bool as_words, const char *why)
{
    struct bl_value *argv = as_words ? cut(text) : bl_list_new(), *table = list_all(text);
    struct bl_command command;

    if (!as_words)
        bl_list_add(argv, bl_value_text(text));
    bl_map_set(table, "sh", bl_value_ref(bl_map_at(table, 0)));
    bl_command_classify(argv, !as_words, NULL, table, &command);
    if (why == NULL ? command.class != BL_CLASS_CHANGE
                    : command.class != BL_CLASS_DESTROY || strcmp(command.why, why) != 0)
        fail_msg("%s (%s): %s, it %s", text, as_words ? "words" : "shell",
                 bl_class_name(command.class), command.why);
    bl_value_unref(argv);
    bl_value_unref(table);
}

/* The reason that the table gives an example; another row may come first. */
static void assert_row(const struct bl_shape *shape, const char *before)
{
    char text[300];

    snprintf(text, sizeof(text), "%s%s", before, shape->example);
    assert_text(text, true, shape->why);
    assert_text(text, false, shape->why);
}

static void test_guard__every_row_of_the_table_is_seen(void **state)
{
    static const char *const before[] = {
        "",           "sudo -u root ",       "env A=1 B=2 ",     "timeout -s INT 5 ",
        "nice -n 5 ", "xargs -n 1 ",         "flock /srv/lock ", "ssh host ",
        "nohup ",     "systemd-run --wait ", "/usr/bin/setsid ", "chroot /srv/root "};
    size_t rows = 0;

    (void)state;
    for (const struct bl_shape *shape = bl_shapes; shape->program != NULL; shape++, rows++) {
        for (size_t i = 0; i < BL_COUNT(before); i++)
            assert_row(shape, before[i]);
    }
    assert_true(rows > 50);
}

static void test_guard__every_row_is_seen_inside_of_texts(void **state)
{
    static const char *const forms[] = {"true && %s",
                                        "sh -c \"%s\"",
                                        "echo $(%s)",
                                        "cd /x; %s",
                                        "if true; then %s; fi",
                                        "true | %s",
                                        "bash -c \"sh -c \\\"%s\\\"\"",
                                        "(%s)",
                                        "env -S \"%s\""};
    char text[400];

    (void)state;
    for (const struct bl_shape *shape = bl_shapes; shape->program != NULL; shape++) {
        for (size_t i = 0; i < BL_COUNT(forms); i++) {
            struct bl_value *argv = bl_list_new();
            struct bl_command command;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(text, sizeof(text), forms[i], shape->example);
#pragma GCC diagnostic pop
            bl_list_add(argv, bl_value_text(text));
            bl_command_classify(argv, true, NULL, NULL, &command);
            bl_value_unref(argv);
            assert_int_equal(command.class, BL_CLASS_DESTROY);
            if (strstr(command.why, "does not list") != NULL)
                fail_msg("%s: only %s", text, command.why);
        }
    }
}

static const char *const forms_that_destroy[] = {
    "rm -rf x",
    "rm -r -f x",
    "rm --recursive --force x",
    "rm x -fr",
    "docker compose down --volumes",
    "docker compose -f a.yml -p b down -v --timeout 5",
    "docker compose down",
    "docker rm -fv pg",
    "docker container prune -f",
    "docker volume rm data",
    "docker --context x system prune --all",
    "pg_restore -d x -c f",
    "pg_restore -cd x f",
    "pg_restore --clean f",
    "pg_restore --if-exists --cl f",
    "kill -KILL 1",
    "kill -s KILL 1",
    "kill --signal=9 1",
    "pkill -9f java",
    "redis-cli -h x -p 1 -n 2 flushdb",
    "redis-cli FlushAll ASYNC",
    "redis-cli eval 'redis.call(\"FLUSHALL\")' 0",
    "systemctl --user stop x",
    "systemctl --now disable x",
    "git -C /srv clean -xdf",
    "git clean --force",
    "git reset HEAD~1 --hard",
    "dd of=/dev/sda if=x",
    "dd bs=1M if=x of=y",
    "mkfs.ext4 /dev/sdb",
    "find . -type f -delete",
    "find . -exec rm {} +",
    "rsync --archive --delete-after a b",
    "shutdown now",
    "dropdb --if-exists x",
    "rabbitmqctl -n r@h delete_queue q",
    "rabbitmqctl stop_app",
    "crontab -ru postgres",
    "kubectl -n x delete pod y",
    "aws ec2 terminate-instances",
};
static const char *const forms_that_change[] = {
    "docker compose up -d",
    "docker compose restart x",
    "docker ps -a",
    "docker logs x",
    "pg_restore -l f",
    "pg_restore --list f",
    "kill 1",
    "redis-cli get x",
    "systemctl restart x",
    "systemctl status x",
    "git status",
    "git push origin main",
    "git checkout main",
    "find . -name x",
    "rsync -a a b",
    "rabbitmqctl list_queues",
    "crontab -l",
    "kubectl get pods",
    "aws s3 ls",
    "ip addr show",
    "tar -tf x",
    "iptables -L",
    "logrotate -d x",
    "zfs list",
    "helm list",
    "terraform plan",
};

static void test_guard__options_in_every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < BL_COUNT(forms_that_destroy); i++) {
        const char *text = forms_that_destroy[i];
        struct bl_value *argv = cut(text), *table = list_all(text);
        struct bl_command command;
        bl_command_classify(argv, false, NULL, table, &command);
        if (command.class != BL_CLASS_DESTROY || strstr(command.why, "exec table") != NULL)
            fail_msg("%s: %s, it %s", text, bl_class_name(command.class), command.why);
        bl_value_unref(argv);
        bl_value_unref(table);
    }
    for (size_t i = 0; i < BL_COUNT(forms_that_change); i++) {
        assert_text(forms_that_change[i], true, NULL);
        assert_text(forms_that_change[i], false, NULL);
    }
}

static void assert_psql(const char *argv, const char *input, enum bl_class class)
{
    struct bl_command command = classify_input(argv, input, listing);

    if (command.class != class)
        fail_msg("%s with input %s is %s (%s)", argv, input != NULL ? input : "(none)",
                 bl_class_name(command.class), command.why);
}

static void test_guard__psql_is_read_by_the_sql_guard(void **state)
{
    static const char *const destroys[] = {
        "[\"psql\",\"-c\",\"update orders set price = 0\"]",
        "[\"psql\",\"-cupdate orders set price = 0\"]",
        "[\"psql\",\"-Atc\",\"update orders set price = 0\"]",
        "[\"psql\",\"--command=update orders set price = 0\",\"-d\",\"x\"]",
        "[\"psql\",\"--comm\",\"update orders set price = 0\"]",
        "[\"psql\",\"-d\",\"x\",\"-c\",\"select 1\",\"-c\",\"update orders set price = 0\"]",
        "[\"psql\",\"-c\",\"begin; update orders set price = 0; commit\"]",
        "[\"psql\",\"-c\",\"select pg_terminate_backend(7)\"]",
        "[\"psql\",\"-c\",\"copy t to program 'x'\"]",
        "[\"psql\",\"-c\",\"alter system set x = 1; selec\"]",
        "[\"psql\",\"-c\",\"\\\\! reboot\"]",
        "[\"psql\",\"-c\",\"\\\\i x.sql\"]",
        "[\"psql\",\"-c\",\"\\\\d t | rm\"]",
        "[\"psql\",\"-f\",\"x.sql\"]",
        "[\"psql\",\"-fx.sql\"]",
        "[\"psql\",\"--file=x.sql\"]",
        "[\"psql\",\"-o\",\"out\",\"-c\",\"select 1\"]",
        "[\"sudo\",\"-u\",\"postgres\",\"psql\",\"-qc\",\"update orders set price = 0\"]",
        "[\"docker\",\"exec\",\"pg\",\"psql\",\"-c\",\"update orders set price = 0\"]",
        "[\"sh\",\"-c\",\"psql -c 'update orders set price = 0'\"]",
        "psql -d x -c 'update orders set price = 0'",
        "psql -d x -c \"update orders set price = 0\" && true",
        "cat x.sql | psql -d x",
        "psql -d x < x.sql",
    };
    static const char *const changes[] = {
        "[\"psql\",\"-c\",\"update orders set price = 0 where id = 3\"]",
        "[\"psql\",\"-Atc\",\"select 1; select 2\"]",
        "[\"psql\",\"-c\",\"begin; insert into t values (1); commit\"]",
        "[\"psql\",\"-c\",\"select * from orders where note = 'a;b'\"]",
        "[\"psql\",\"-l\"]",
        "[\"psql\",\"-c\",\"\\\\dt\"]",
        "[\"psql\",\"-d\",\"x\"]",
        "psql -d x -c 'select count(*) from orders'",
        "psql -d x -c \"select 'a b'\" | cat",
    };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(destroys); i++)
        assert_psql(destroys[i], NULL, BL_CLASS_DESTROY);
    for (size_t i = 0; i < BL_COUNT(changes); i++)
        assert_psql(changes[i], NULL, BL_CLASS_CHANGE);
    assert_psql("[\"psql\",\"-f\",\"-\"]", "update t set a = 1", BL_CLASS_DESTROY);
    assert_psql("[\"psql\",\"-d\",\"x\"]", "update t set a = 1", BL_CLASS_DESTROY);
    assert_psql("[\"psql\",\"-d\",\"x\"]", "select 1;\n\\! x", BL_CLASS_DESTROY);
    assert_psql("[\"psql\",\"-f\",\"-\"]", "select 1;\nselect 2;", BL_CLASS_CHANGE);
    assert_psql("[\"sh\"]", "rm -rf /srv/x", BL_CLASS_DESTROY);
    assert_psql("[\"sh\"]", "true", BL_CLASS_CHANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guard__known_shapes_are_destroy_though_listed),
        cmocka_unit_test(test_guard__listed_programs_have_their_class),
        cmocka_unit_test(test_guard__unlisted_programs_are_destroy),
        cmocka_unit_test(test_guard__every_row_of_the_table_is_seen),
        cmocka_unit_test(test_guard__every_row_is_seen_inside_of_texts),
        cmocka_unit_test(test_guard__options_in_every_form),
        cmocka_unit_test(test_guard__psql_is_read_by_the_sql_guard),
        cmocka_unit_test(test_guard__target_is_the_environments_or_the_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
