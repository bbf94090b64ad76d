/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_guard_exec.c: the class of commands, by their words and by the environment. */
#include "base/prefix.h"

#include "base/json.h"
#include "guard/exec.h"

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
static struct bl_command classify(const char *argv, const char *listed)
{
    struct bl_value *list, *table = listed == NULL ? NULL : json(listed);
    struct bl_command command;

    if (argv[0] == '[') {
        list = json(argv);
    } else {
        list = bl_list_new();
        bl_list_add(list, bl_value_text(argv));
    }
    bl_command_classify(list, argv[0] != '[', table, &command);
    bl_value_unref(list);
    bl_value_unref(table);
    return command;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guard__known_shapes_are_destroy_though_listed),
        cmocka_unit_test(test_guard__listed_programs_have_their_class),
        cmocka_unit_test(test_guard__unlisted_programs_are_destroy),
        cmocka_unit_test(test_guard__target_is_the_environments_or_the_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
