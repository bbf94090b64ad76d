/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redis_address.c: where a Redis server is and who signs in, from a connection's settings. */
#include "base/prefix.h"

#include "redis_address.h"

#include "late_curl.h"

/* A part of the url, or NULL. */
static char *address_part(CURLU *url, CURLUPart part)
{
    char *text = NULL, *copy = NULL;

    if (curl_url_get(url, part, &text, CURLU_URLDECODE) == CURLUE_OK && *text != '\0')
        copy = bl_strdup(text);
    curl_free(text);
    return copy;
}

static void address_override(char **part, const struct bl_value *settings, const char *name)
{
    const struct bl_value *value = bl_map_get(settings, name);

    if (bl_value_type(value) == BL_NIL)
        return;
    bl_free(*part);
    *part = bl_strdup(bl_value_reveal(value, NULL));
}

/* "/2" is database 2. */
static bool address_database(const char *path, int *database)
{
    char *end = NULL;
    long number = 0;

    if (path != NULL && strcmp(path, "/") != 0) {
        number = strtol(path + 1, &end, 10);
        if (end == path + 1 || *end != '\0' || number < 0 || number > 100000)
            return false;
    }
    *database = (int)number;
    return true;
}

static enum bl_code address_parse(struct redis_address *address, CURLU *url, const char *text,
                                  struct bl_error *err)
{
    char *path, *port;
    bool is_good;

    if (strncmp(text, "rediss:", 7) == 0)
        return bl_fail(err, BL_E_UNSUPPORTED,
                       "setting 'url': TLS to Redis is not supported: connect through stunnel");
    if (strncmp(text, "redis://", 8) != 0 ||
        curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        return bl_fail(err, BL_E_ARG,
                       "setting 'url' must read redis://[[user]:password@]host[:port][/db]");
    address->host = address_part(url, CURLUPART_HOST);
    address->user = address_part(url, CURLUPART_USER);
    address->password = address_part(url, CURLUPART_PASSWORD);
    path = address_part(url, CURLUPART_PATH);
    port = address_part(url, CURLUPART_PORT);
    address->port = port != NULL ? (int)strtol(port, NULL, 10) : 6379;
    is_good = address->host != NULL && address->port > 0 &&
              address_database(path, &address->database);
    bl_free(path);
    bl_free(port);
    if (is_good)
        return BL_OK;
    return bl_fail(err, BL_E_ARG,
                   "setting 'url' must read redis://[[user]:password@]host[:port][/db]");
}

/* "[::1]" without its brackets, as it is resolved. */
static void address_unwrap(char *host)
{
    size_t len = host != NULL ? strlen(host) : 0;

    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        memmove(host, host + 1, len - 2);
        host[len - 2] = '\0';
    }
}

enum bl_code bl_redis_address_read(struct redis_address *address,
                                   const struct bl_value *settings, struct bl_error *err)
{
    CURLU *url = curl_url();
    enum bl_code code;

    *address = (struct redis_address){0};
    if (url == NULL)
        BL_BUG("libcurl has no memory");
    code = address_parse(address, url, bl_value_reveal(bl_map_get(settings, "url"), NULL), err);
    curl_url_cleanup(url);
    address_unwrap(address->host);
    address_override(&address->user, settings, "user");
    address_override(&address->password, settings, "password");
    if (code == BL_OK && address->user != NULL && address->password == NULL)
        code = bl_fail(err, BL_E_ARG, "setting 'user' needs a password");
    return code;
}

void bl_redis_address_release(struct redis_address *address)
{
    bl_free(address->host);
    bl_free(address->user);
    bl_free(address->password);
    *address = (struct redis_address){0};
}
