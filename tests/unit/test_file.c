/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_file.c: files and folders in a folder of the test's own. */
#include "base/prefix.h"

#include "support/op.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

static char folder[64];

static const char *in_folder(const char *name)
{
    static char paths[4][160];
    static unsigned next;
    char *path = paths[next++ % BL_COUNT(paths)];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void put_bytes(const char *name, const void *data, size_t len)
{
    FILE *file = fopen(in_folder(name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    fclose(file);
}

static void put(const char *name, const char *text)
{
    put_bytes(name, text, strlen(text));
}

/* Sets a file's time, so that "newest" does not hang on how fast the test is. */
static void age(const char *name, time_t seconds)
{
    struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};

    assert_int_equal(utimensat(AT_FDCWD, in_folder(name), times, 0), 0);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)type;
    (void)place;
    return remove(path);
}

static struct test_run run;

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/belay-test-file-XXXXXX");
    assert_non_null(mkdtemp(folder));
    test_run_open(&run, "file", NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_run_close(&run);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

/* Runs an operation; %s in args is the test's folder. */
static struct bl_outcome file(const char *operation, const char *name, const char *rest)
{
    char args[600];

    snprintf(args, sizeof(args), "[\"%s%s%s\"%s]", folder, *name != '\0' ? "/" : "", name,
             rest);
    return test_op(&run, operation, args);
}

static void assert_answer(const char *operation, const char *name, const char *rest,
                          const char *expected)
{
    struct bl_outcome outcome = file(operation, name, rest);
    char *text = test_outcome_text(&outcome);

    assert_string_equal(text, expected);
    bl_free(text);
    bl_outcome_release(&outcome);
}

static void assert_failure(const char *operation, const char *name, const char *rest,
                           enum bl_code code, const char *part)
{
    struct bl_outcome outcome = file(operation, name, rest);

    if (outcome.status != BL_FAILED || outcome.error.code != code ||
        strstr(outcome.error.message, part) == NULL)
        fail_msg("%s %s: %s", bl_status_name(outcome.status), bl_code_name(outcome.error.code),
                 outcome.error.message);
    bl_outcome_release(&outcome);
}

static void test_file__stat_knows_what_is_there(void **state)
{
    struct bl_outcome outcome;

    (void)state;
    put("a", "12345");
    age("a", 1000000000);
    chmod(in_folder("a"), 0640);
    outcome = file("stat", "a", "");
    assert_int_equal(bl_map_int(outcome.value, "size", -1), 5);
    assert_int_equal(bl_map_int(outcome.value, "uid", -1), getuid());
    assert_string_equal(bl_map_text(outcome.value, "kind", ""), "file");
    assert_string_equal(bl_map_text(outcome.value, "mode", ""), "0640");
    assert_true(bl_value_as_float(bl_map_get(outcome.value, "mtime")) == 1e9);
    bl_outcome_release(&outcome);
    assert_answer("stat", "missing", "", "null");
    assert_answer("stat", "a/below-a-file", "", "null");
    outcome = file("stat", "", "");
    assert_string_equal(bl_map_text(outcome.value, "kind", ""), "folder");
    bl_outcome_release(&outcome);
}

static void make_tree(void)
{
    static const char *const names[] = {"b.sql.gz", "a.sql.gz", "c.txt", ".hidden.gz",
                                        "sub/d.sql.gz"};

    mkdir(in_folder("sub"), 0755);
    for (size_t i = 0; i < BL_COUNT(names); i++) {
        put(names[i], "x");
        age(names[i], 1000000000 + (time_t)i);
    }
    assert_int_equal(symlink(folder, in_folder("loop")), 0);
}

static void test_file__list_sorts_and_filters(void **state)
{
    (void)state;
    make_tree();
    assert_answer(
        "list", "", ",{\"glob\":\"*.gz\"}",
        "[{\"kind\":\"file\",\"mtime\":1000000001.0,\"name\":\"a.sql.gz\",\"size\":1},"
        "{\"kind\":\"file\",\"mtime\":1000000000.0,\"name\":\"b.sql.gz\",\"size\":1}]");
    assert_answer("list", "", ",{\"glob\":\"[cd]*\",\"recursive\":true}",
                  "[{\"kind\":\"file\",\"mtime\":1000000002.0,\"name\":\"c.txt\",\"size\":1},"
                  "{\"kind\":\"file\",\"mtime\":1000000004.0,\"name\":\"sub/d.sql.gz\","
                  "\"size\":1}]");
    assert_answer("list", "", ",{\"glob\":\"none*\"}", "[]");
    assert_failure("list", "", ",{\"limit\":3}", BL_E_TOO_LARGE, "raise limit");
    assert_failure("list", "", ",{\"keep\":100}", BL_E_TOO_LARGE, "raise keep");
    assert_failure("list", "missing", "", BL_E_NOT_FOUND, "No such file");
    assert_failure("list", "c.txt", "", BL_E_NOT_FOUND, "Not a directory");
}

static void test_file__newest_is_by_time(void **state)
{
    struct bl_outcome outcome;

    (void)state;
    make_tree();
    outcome = file("newest", "", ",{\"glob\":\"*.gz\"}");
    assert_string_equal(bl_map_text(outcome.value, "name", ""), "a.sql.gz");
    bl_outcome_release(&outcome);
    outcome = file("newest", "", ",{\"glob\":\"*.gz\",\"recursive\":true}");
    assert_string_equal(bl_map_text(outcome.value, "name", ""), "sub/d.sql.gz");
    bl_outcome_release(&outcome);
    assert_answer("newest", "", ",{\"glob\":\"none*\"}", "null");
    assert_failure("newest", "missing", "", BL_E_NOT_FOUND, "cannot list");
}

static void test_file__read_is_bounded(void **state)
{
    (void)state;
    put("log", "first\nsecond\nthird\n");
    assert_answer("read", "log", "", "\"first\\nsecond\\nthird\\n\"");
    assert_answer("read", "log", ",{\"offset\":13}", "\"third\\n\"");
    assert_answer("read", "log", ",{\"offset\":6,\"length\":6}", "\"second\"");
    assert_answer("read", "log", ",{\"offset\":1000}", "\"\"");
    assert_answer("read", "log", ",{\"tail\":6}", "\"third\\n\"");
    assert_answer("read", "log", ",{\"tail\":8}", "\"third\\n\"");
    assert_answer("read", "log", ",{\"tail\":13}", "\"second\\nthird\\n\"");
    assert_answer("read", "log", ",{\"tail\":19}", "\"first\\nsecond\\nthird\\n\"");
    assert_answer("read", "log", ",{\"tail\":500,\"keep\":19}",
                  "\"first\\nsecond\\nthird\\n\"");
    assert_answer("read", "log", ",{\"tail\":6,\"keep\":6}", "\"third\\n\"");
    assert_failure("read", "log", ",{\"keep\":18}", BL_E_TOO_LARGE, "more than 18 bytes");
    assert_failure("read", "missing", "", BL_E_NOT_FOUND, "cannot read");
    assert_failure("read", "", "", BL_E_UNSUPPORTED, "a folder");
    put("long", "aaaaaaaaaaaaaaaaaaaa");
    assert_answer("read", "long", ",{\"tail\":5}", "\"aaaaa\"");
}

static void test_file__pipes_and_devices_do_not_hang(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    assert_failure("read", "pipe", "", BL_E_UNSUPPORTED, "device or pipe");
    assert_failure("sha256", "pipe", "", BL_E_UNSUPPORTED, "device or pipe");
    assert_failure("write", "pipe", ",\"x\"", BL_E_EXISTS, "not a plain file");
    assert_failure("append", "pipe", ",\"x\"", BL_E_IO, "cannot append");
}

static void test_file__disk_adds_up(void **state)
{
    struct bl_outcome outcome;
    double percent;

    (void)state;
    outcome = file("disk", "", "");
    percent = bl_value_as_float(bl_map_get(outcome.value, "used_percent"));
    assert_true(bl_map_int(outcome.value, "total", 0) >= bl_map_int(outcome.value, "free", 0));
    assert_true(bl_map_int(outcome.value, "free", 0) >=
                bl_map_int(outcome.value, "available", 0));
    assert_true(percent >= 0 && percent <= 100);
    bl_outcome_release(&outcome);
    assert_failure("disk", "missing", "", BL_E_NOT_FOUND, "cannot measure");
}

static void test_file__sha256_is_the_known_one(void **state)
{
    (void)state;
    put("abc", "abc");
    put("empty", "");
    assert_answer("sha256", "abc", "",
                  "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"");
    assert_answer("sha256", "empty", "",
                  "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"");
}

/* Packs `len` bytes; gives the packed length. */
static size_t pack(unsigned char *out, size_t room, size_t len)
{
    unsigned char *data = bl_alloc(len);
    z_stream stream = {0};

    for (size_t i = 0; i < len; i++)
        data[i] = (unsigned char)(i * i >> 7);
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
    stream.next_in = data;
    stream.avail_in = (uInt)len;
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    bl_free(data);
    return room - stream.avail_out;
}

static void assert_gzip(const char *name, bool ok, int64_t bytes, const char *why)
{
    struct bl_outcome outcome = file("gzip", name, "");

    assert_int_equal(bl_map_bool(outcome.value, "ok", !ok), ok);
    if (ok)
        assert_int_equal(bl_map_int(outcome.value, "bytes", -1), bytes);
    assert_non_null(strstr(bl_map_text(outcome.value, "why", "well"), why));
    bl_outcome_release(&outcome);
}

static void test_file__gzip_finds_damage(void **state)
{
    static unsigned char packed[1 << 20];
    size_t first = pack(packed, sizeof(packed), 700000), both;

    (void)state;
    put_bytes("whole.gz", packed, first);
    assert_gzip("whole.gz", true, 700000, "well");
    put_bytes("cut.gz", packed, first - 1);
    assert_gzip("cut.gz", false, 0, "cut off");
    put_bytes("head.gz", packed, 5);
    assert_gzip("head.gz", false, 0, "cut off");
    put("empty.gz", "");
    assert_gzip("empty.gz", false, 0, "empty");
    put("text.gz", "this is no archive");
    assert_gzip("text.gz", false, 0, "header");
    both = first + pack(packed + first, sizeof(packed) - first, 1000);
    memset(packed + both, 0, 512);
    put_bytes("two.gz", packed, both + 512);
    assert_gzip("two.gz", true, 701000, "well");
    packed[first / 2] ^= 0x55;
    put_bytes("flip.gz", packed, first);
    assert_gzip("flip.gz", false, 0, "");
    assert_failure("gzip", "missing", "", BL_E_NOT_FOUND, "cannot read");
}

static int count_names(void)
{
    DIR *stream = opendir(folder);
    int count = 0;

    while (readdir(stream) != NULL)
        count++;
    closedir(stream);
    return count - 2;
}

static void test_file__write_is_whole(void **state)
{
    struct stat info;

    (void)state;
    assert_answer("write", "new", ",\"one\"", "true");
    assert_answer("read", "new", "", "\"one\"");
    chmod(in_folder("new"), 0600);
    assert_answer("write", "new", ",\"two\"", "true");
    assert_answer("read", "new", "", "\"two\"");
    assert_int_equal(stat(in_folder("new"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_answer("append", "new", ",\"+three\"", "true");
    assert_answer("read", "new", "", "\"two+three\"");
    assert_int_equal(count_names(), 1); /* no temporary file is left */
    assert_failure("write", "no/such/folder", ",\"x\"", BL_E_NOT_FOUND, "cannot write");
    assert_failure("write", "", ",\"x\"", BL_E_EXISTS, "not a plain file");
    assert_answer("remove", "new", "", "true");
    assert_answer("remove", "new", "", "false");
    assert_failure("remove", "", "", BL_E_UNSUPPORTED, "a folder");
    assert_int_equal(count_names(), 0);
}

static enum bl_class class_of(const char *operation, const char *name, const char *content)
{
    const struct bl_module *module = bl_module_find("file");
    const struct bl_operation *found = bl_operation_find(module, operation);
    struct bl_value *args = bl_map_new();
    struct bl_inspection inspection;
    struct bl_call *call;
    enum bl_class class;

    bl_map_set(args, "path", bl_value_text(in_folder(name)));
    if (content != NULL)
        bl_map_set(args, "content", bl_value_text(content));
    call = bl_call_new(module, found, "file", args);
    bl_inspection_init(&inspection, call);
    class = inspection.class;
    assert_non_null(strstr(inspection.summary, in_folder(name)));
    bl_inspection_release(&inspection);
    bl_call_free(call);
    bl_value_unref(args);
    return class;
}

static void test_file__overwriting_destroys(void **state)
{
    (void)state;
    put("there", "x");
    assert_int_equal(class_of("write", "new", "x"), BL_CLASS_CHANGE);
    assert_int_equal(class_of("write", "there", "x"), BL_CLASS_DESTROY);
    assert_int_equal(class_of("append", "there", "x"), BL_CLASS_CHANGE);
    assert_int_equal(class_of("remove", "there", NULL), BL_CLASS_DESTROY);
    assert_int_equal(class_of("read", "there", NULL), BL_CLASS_OBSERVE);
}

static void test_file__a_cancelled_digest_stops(void **state)
{
    struct bl_outcome outcome;
    char args[200];
    bool is_done;
    int fd = open(in_folder("large"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    (void)state;
    assert_int_equal(ftruncate(fd, INT64_C(1) << 36), 0); /* 64 GiB of hole */
    close(fd);
    snprintf(args, sizeof(args), "[\"%s\",{\"timeout\":\"100ms\"}]", in_folder("large"));
    test_op_start(&run, "sha256", args, &outcome, &is_done);
    test_op_wait(&run, &is_done);
    assert_int_equal(outcome.error.code, BL_E_TIMEOUT);
    /* waits for the job, which takes minutes if it does not see that nobody waits for it */
    test_run_close(&run);
    test_run_open(&run, "file", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_file__stat_knows_what_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file__list_sorts_and_filters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file__newest_is_by_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file__read_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file__pipes_and_devices_do_not_hang, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_file__disk_adds_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file__sha256_is_the_known_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file__gzip_finds_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file__write_is_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file__overwriting_destroys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file__a_cancelled_digest_stops, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
