/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_sign.c: signatures by ssh-keygen: good ones, wrong ones, and keys that cannot sign. */
#include "base/prefix.h"

#include "base/clock.h"
#include "journal/sign.h"
#include "support/scratch.h"

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder with rosa's key, a listed one; otto's, which is not; and one with a passphrase. */
struct keys {
    char rosa[PATH_MAX], otto[PATH_MAX], locked[PATH_MAX], allowed[PATH_MAX];
};

static void keys_make(const char *folder, const char *name, const char *phrase,
                      char path[PATH_MAX])
{
    char command[2 * PATH_MAX];

    snprintf(path, PATH_MAX, "%s/%s", folder, name);
    snprintf(command, sizeof(command),
             "ssh-keygen -q -t ed25519 -N '%s' -C %s@example.org -f %s </dev/null", phrase,
             name, path);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a test's own words */
}

static void keys_list(const char *public_key, const char *line, const char *allowed)
{
    char path[PATH_MAX + 8], text[2000];
    size_t len;
    char *key;

    snprintf(path, sizeof(path), "%s.pub", public_key);
    key = scratch_read(path, &len);
    snprintf(text, sizeof(text), "%s %.*s\n", line, (int)len, key);
    bl_free(key);
    scratch_write(allowed, text);
}

static void keys_setup(const char *folder, struct keys *keys)
{
    unsetenv("SSH_AUTH_SOCK");
    keys_make(folder, "rosa", "", keys->rosa);
    keys_make(folder, "otto", "", keys->otto);
    keys_make(folder, "locked", "sesame-open-7", keys->locked);
    snprintf(keys->allowed, sizeof(keys->allowed), "%s/allowed_signers", folder);
    keys_list(keys->rosa, "rosa@example.org", keys->allowed);
}

static void sign_ok(const char *key, const struct bl_signed *what, struct bl_buf *signature)
{
    struct bl_error err = {0};

    bl_buf_init(signature, 0);
    if (bl_sign(key, what, signature, &err) != BL_OK)
        fail_msg("%s", err.message);
}

static void verify_no(const char *allowed, const struct bl_signed *what,
                      const struct bl_buf *signature, enum bl_code code, const char *text)
{
    struct bl_error err = {0};
    struct bl_signer who;

    assert_int_equal(bl_sign_verify(allowed, what, bl_buf_text(signature), &who, &err), code);
    if (strstr(err.message, text) == NULL)
        fail_msg("%s", err.message);
}

static void test_sign__listed_key_is_known_by_name(void **state)
{
    struct bl_signed what = {BL_SIGN_HEAD, "0123abcd", 8, 0};
    struct bl_error err = {0};
    char key[BL_SIGN_KEY];
    struct bl_signer who;
    struct bl_buf signature;
    struct keys keys;

    keys_setup(*state, &keys);
    sign_ok(keys.rosa, &what, &signature);
    assert_non_null(strstr(bl_buf_text(&signature), "BEGIN SSH SIGNATURE"));
    if (bl_sign_verify(keys.allowed, &what, bl_buf_text(&signature), &who, &err) != BL_OK)
        fail_msg("%s", err.message);
    assert_string_equal(who.name, "rosa@example.org");
    assert_memory_equal(who.key, "ED25519 SHA256:", 15);
    bl_sign_fingerprint(bl_buf_text(&signature), key);
    assert_string_equal(who.key + 8, key);
    bl_sign_fingerprint("-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END", key);
    assert_string_equal(key, "");
    bl_sign_fingerprint("nothing", key);
    assert_string_equal(key, "");
    bl_buf_release(&signature);
    /* and so by its public half */
    memcpy(keys.rosa + strlen(keys.rosa), ".pub", 5);
    sign_ok(keys.rosa, &what, &signature);
    assert_int_equal(bl_sign_verify(keys.allowed, &what, bl_buf_text(&signature), &who, &err),
                     BL_OK);
    bl_buf_release(&signature);
}

static void test_sign__what_does_not_hold(void **state)
{
    struct bl_signed what = {BL_SIGN_HEAD, "0123abcd", 8, 0};
    struct bl_signed other = {BL_SIGN_HEAD, "0123abce", 8, 0};
    struct bl_signed approval = {BL_SIGN_APPROVAL, "0123abcd", 8, 0};
    struct bl_buf signature, foreign;
    struct keys keys;

    keys_setup(*state, &keys);
    sign_ok(keys.rosa, &what, &signature);
    sign_ok(keys.otto, &what, &foreign);
    verify_no(keys.allowed, &other, &signature, BL_E_AUTH, "rosa@example.org does not hold");
    verify_no(keys.allowed, &approval, &signature, BL_E_AUTH, "does not hold");
    verify_no(keys.allowed, &what, &foreign, BL_E_AUTH, "of no key that");
    verify_no("/nowhere/allowed", &what, &signature, BL_E_NOT_FOUND, "list the people");
    signature.data[signature.len / 2] = (char)(signature.data[signature.len / 2] ^ 1);
    verify_no(keys.allowed, &what, &signature, BL_E_AUTH, "");
    bl_buf_release(&foreign);
    bl_buf_init(&foreign, 0);
    verify_no(keys.allowed, &what, &foreign, BL_E_AUTH, "damaged");
    bl_buf_release(&signature);
}

static void test_sign__list_says_for_what_and_until_when(void **state)
{
    struct bl_signed what = {BL_SIGN_HEAD, "0123abcd", 8, 0};
    struct bl_buf signature;
    struct bl_signer who;
    struct keys keys;

    keys_setup(*state, &keys);
    sign_ok(keys.rosa, &what, &signature);
    keys_list(keys.rosa, "rosa@example.org namespaces=\"git\"", keys.allowed);
    verify_no(keys.allowed, &what, &signature, BL_E_AUTH, "");
    keys_list(keys.rosa, "rosa@example.org valid-before=\"20200101\"", keys.allowed);
    verify_no(keys.allowed, &what, &signature, BL_E_AUTH, "");
    what.at = 1514764800000; /* 2018-01-01: it held then */
    assert_int_equal(bl_sign_verify(keys.allowed, &what, bl_buf_text(&signature), &who, NULL),
                     BL_OK);
    bl_buf_release(&signature);
}

static void test_sign__keys_that_cannot_sign_never_ask(void **state)
{
    struct bl_signed what = {BL_SIGN_HEAD, "0123abcd", 8, 0};
    int64_t start = bl_clock_steady();
    struct bl_buf signature;
    struct bl_error err = {0};
    struct keys keys;

    keys_setup(*state, &keys);
    bl_buf_init(&signature, 0);
    assert_int_equal(bl_sign(keys.locked, &what, &signature, &err), BL_E_AUTH);
    assert_non_null(strstr(err.message, "ssh-add"));
    assert_non_null(strstr(err.message, keys.locked));
    assert_int_equal(bl_sign("/nowhere/id", &what, &signature, &err), BL_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "ssh-keygen -t ed25519"));
    assert_int_equal(bl_sign(keys.allowed, &what, &signature, &err), BL_E_AUTH);
    assert_int_equal(signature.len, 0);
    assert_true(bl_clock_steady() - start < 5000);
    bl_buf_release(&signature);
}

static void test_sign__tool_that_is_not_there_or_broken(void **state)
{
    struct bl_signed what = {BL_SIGN_HEAD, "0123abcd", 8, 0};
    char path[PATH_MAX], *before = strdup(getenv("PATH"));
    struct bl_buf signature;
    struct bl_error err = {0};
    struct keys keys;

    keys_setup(*state, &keys);
    bl_buf_init(&signature, 0);
    setenv("PATH", *state, 1);
    assert_int_equal(bl_sign(keys.rosa, &what, &signature, &err), BL_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "install openssh-client"));
    snprintf(path, sizeof(path), "%s/ssh-keygen", (const char *)*state);
    scratch_write(path, "#!/bin/sh\necho first\necho it is broken >&2\nexit 3\n");
    chmod(path, 0700);
    assert_int_equal(bl_sign(keys.rosa, &what, &signature, &err), BL_E_AUTH);
    assert_non_null(strstr(err.message, "it is broken"));
    setenv("PATH", before, 1);
    free(before);
    bl_buf_release(&signature);
}

static void test_signing__names_are_relative_to_the_project(void **state)
{
    struct bl_value *environment = bl_map_new(), *given = bl_map_new();
    struct bl_signing signing;

    setenv("HOME", *state, 1);
    bl_signing_read(environment, "/srv/runbooks", &signing);
    assert_string_equal(signing.key, "");
    assert_string_equal(signing.allowed, "/srv/runbooks/allowed_signers");
    assert_false(signing.is_required);
    bl_map_set(given, "key", bl_value_text("~/.ssh/id.pub"));
    bl_map_set(given, "allowed", bl_value_text("/etc/belay/signers"));
    bl_map_set(given, "required", bl_value_bool(true));
    bl_map_set(environment, "signing", given);
    bl_signing_read(environment, "/srv/runbooks", &signing);
    assert_memory_equal(signing.key, *state, strlen(*state));
    assert_non_null(strstr(signing.key, "/.ssh/id.pub"));
    assert_string_equal(signing.allowed, "/etc/belay/signers");
    assert_true(signing.is_required);
    bl_value_unref(environment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SIGN(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
        SIGN(test_sign__listed_key_is_known_by_name),
        SIGN(test_sign__what_does_not_hold),
        SIGN(test_sign__list_says_for_what_and_until_when),
        SIGN(test_sign__keys_that_cannot_sign_never_ask),
        SIGN(test_sign__tool_that_is_not_there_or_broken),
        SIGN(test_signing__names_are_relative_to_the_project),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
