/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_doubt_http.c: which requests may be sent again when their answer never came. */
#include "base/prefix.h"

#include "support/doubt.h"
#include "support/op.h"
#include "support/scratch.h"
#include "support/web.h"

#include <setjmp.h>

#include <cmocka.h>

static struct web *web;
static char plain[100], keyed[160];

static struct doubt_change change(const char *operation, const char *args)
{
    return (struct doubt_change){
        .module = "http", .operation = operation, .settings = plain, .args = args};
}

/* Without a key nobody knows; by its method it may be known to do no harm. */
static void test_doubt__by_method(void **state)
{
    struct doubt_change post = change("post", "[\"/sleep/300\", {\"body\": \"x\"}]");
    struct doubt_change put = change("put", "[\"/sleep/300\", {\"body\": \"x\"}]");
    struct doubt_change purge = change("request", "[\"PURGE\", \"/echo\"]");

    doubt_check(*state, &post, DOUBT_SENT, BL_FOUND_NOTHING, "cannot be asked");
    doubt_check(*state, &post, DOUBT_SETTLED, BL_FOUND_NOTHING, "cannot be asked");
    doubt_check(*state, &purge, DOUBT_SETTLED, BL_FOUND_NOTHING, "of a PURGE");
    doubt_check(*state, &put, DOUBT_SENT, BL_FOUND_NOT_DONE, "PUT is idempotent");
    put.operation = "request";
    put.args = "[\"PUT\", \"/sleep/10\"]";
    doubt_check(*state, &put, DOUBT_SENT, BL_FOUND_NOT_DONE, "PUT is idempotent");
}

static void check_key(const char *folder, const struct doubt_change *post, const char *wanted)
{
    struct bl_value *intent = doubt_perform(folder, post, DOUBT_NEVER);
    const struct bl_value *json = bl_map_get(bl_map_get(intent, "answer"), "json");

    if (wanted == NULL)
        wanted = bl_map_text(intent, "id", "?");
    assert_string_equal(bl_map_text(bl_map_get(json, "headers"), "Idempotency-Key", "(none)"),
                        wanted);
    bl_value_unref(intent);
}

/* With one it is sent again as what it is: under the same key. */
static void test_doubt__by_key(void **state)
{
    struct doubt_change post = change("post", "[\"/echo\", {\"body\": \"x\"}]");
    struct bl_resolution resolution;
    struct bl_value *intent;

    check_key(*state, &post, "(none)");
    post.settings = keyed;
    check_key(*state, &post, NULL);
    intent = doubt_perform(*state, &post, DOUBT_SENT);
    doubt_find_out(&post, intent, 1000, &resolution);
    assert_int_equal(resolution.finding, BL_FOUND_NOT_DONE);
    assert_true(resolution.same_id);
    assert_non_null(strstr(resolution.how, "Idempotency-Key"));
    post.id = bl_map_text(intent, "id", "");
    check_key(*state, &post, post.id);
    bl_resolution_release(&resolution);
    bl_value_unref(intent);
    post.id = NULL;
    post.args = "[\"/echo\", {\"headers\": {\"idempotency-key\": \"mine\"}}]";
    check_key(*state, &post, "(none)"); /* it is there as the author writes it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_doubt__by_method, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__by_key, scratch_setup, scratch_teardown),
    };
    int failed;

    web = web_start(NULL, NULL);
    snprintf(plain, sizeof(plain), "{\"url\": \"http://127.0.0.1:%d\"}", web_port(web));
    snprintf(keyed, sizeof(keyed),
             "{\"url\": \"http://127.0.0.1:%d\", \"idempotency\": \"Idempotency-Key\"}",
             web_port(web));
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    web_stop(web);
    return failed;
}
