/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_doubt_amqp.c: what can be known of messages whose client was killed, with a real
 * RabbitMQ.
 */
#include "base/prefix.h"

#include "support/doubt.h"
#include "support/op.h"
#include "support/rabbit.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <unistd.h>

#include <cmocka.h>

static struct test_server server;
static char settings[160];

static struct doubt_change change(const char *operation, const char *args)
{
    return (struct doubt_change){
        .module = "amqp", .operation = operation, .settings = settings, .args = args};
}

static struct bl_outcome ask(const char *operation, const char *args)
{
    struct bl_outcome outcome;
    struct test_run run;

    test_run_open(&run, "amqp", settings);
    outcome = test_op(&run, operation, args);
    if (outcome.status != BL_ANSWERED)
        fail_msg("%s %s: %s", operation, args, outcome.error.message);
    test_run_close(&run);
    return outcome;
}

static int64_t count(void)
{
    struct bl_outcome outcome = ask("queue", "[\"orders\"]");
    int64_t messages = bl_map_int(outcome.value, "messages", -1);

    bl_outcome_release(&outcome);
    return messages;
}

/* Before it leaves it is known that it did not; after that the message bears its id. */
static void test_doubt__publish(void **state)
{
    struct doubt_change publish = change("publish", "[\"\", \"orders\", \"one\"]");
    struct bl_value *intent;
    struct bl_outcome outcome;

    doubt_check(*state, &publish, DOUBT_INTENT, BL_FOUND_NOT_DONE, "never left");
    assert_int_equal(count(), 0);
    doubt_check(*state, &publish, DOUBT_PREPARED, BL_FOUND_NOTHING, "message_id belay-");
    assert_int_equal(count(), 0);
    doubt_check(*state, &publish, DOUBT_SETTLED, BL_FOUND_NOTHING, "message_id belay-");
    assert_int_equal(count(), 1);
    intent = doubt_perform(*state, &publish, DOUBT_NEVER);
    outcome = ask("peek", "[\"orders\", {\"count\": 2}]");
    assert_string_equal(bl_map_text(bl_list_get(outcome.value, 1), "message_id", ""),
                        bl_map_text(intent, "id", "?"));
    bl_outcome_release(&outcome);
    bl_value_unref(intent);
    publish.args = "[\"\", \"orders\", \"two\", {\"message_id\": \"mine\"}]";
    doubt_check(*state, &publish, DOUBT_SETTLED, BL_FOUND_NOTHING, "message_id mine");
}

static void test_doubt__peek_and_purge(void **state)
{
    struct doubt_change peek = change("peek", "[\"orders\"]");
    struct doubt_change purge = change("purge", "[\"orders\"]");
    struct bl_resolution resolution;
    struct bl_value *intent = doubt_intend(&purge);
    struct bl_outcome outcome;

    doubt_check(*state, &peek, DOUBT_SENT, BL_FOUND_NOT_DONE, "back in the queue");
    usleep(200000);
    assert_int_equal(count(), 3);
    doubt_find_out(&purge, intent, 5000, &resolution);
    assert_int_equal(resolution.finding, BL_FOUND_NOT_DONE);
    bl_resolution_release(&resolution);
    bl_map_set(intent, "mark", bl_map_new());
    doubt_find_out(&purge, intent, 5000, &resolution);
    assert_int_equal(resolution.finding, BL_FOUND_NOTHING);
    assert_non_null(strstr(resolution.how, "holds 3 messages"));
    bl_resolution_release(&resolution);
    outcome = ask("purge", "[\"orders\"]");
    bl_outcome_release(&outcome);
    doubt_find_out(&purge, intent, 5000, &resolution);
    assert_int_equal(resolution.finding, BL_FOUND_DONE);
    bl_resolution_release(&resolution);
    bl_value_unref(intent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_doubt__publish, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__peek_and_purge, scratch_setup,
                                        scratch_teardown),
    };
    int failed;

    test_rabbit_start(&server, NULL);
    test_rabbit_declare(&server, "orders", 0);
    snprintf(settings, sizeof(settings),
             "{\"url\": \"amqp://" TEST_RABBIT_USER ":" TEST_RABBIT_PASSWORD "@127.0.0.1:%d\"}",
             server.port);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_server_stop(&server);
    return failed;
}
