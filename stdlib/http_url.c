/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* http_url.c: URLs of requests: made, shown and compared. */
#include "base/prefix.h"

#include "http_url.h"

#include "base/json.h"

#include "late_curl.h"
#include <strings.h>

static bool url_part(CURLU *url, CURLUPart part, char *out, size_t size)
{
    char *text = NULL;
    bool fits;

    if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
        return false;
    fits = (size_t)snprintf(out, size, "%s", text) < size;
    curl_free(text);
    return fits;
}

bool bl_http_origin_parse(const char *url, struct bl_http_origin *origin)
{
    CURLU *parts = curl_url();
    char scheme[16], host[258], port[16];
    struct sockaddr_in6 address;
    size_t len;
    bool is_good = curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                   url_part(parts, CURLUPART_SCHEME, scheme, sizeof(scheme)) &&
                   url_part(parts, CURLUPART_HOST, host, sizeof(host)) &&
                   url_part(parts, CURLUPART_PORT, port, sizeof(port)) && host[0] != '\0' &&
                   (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

    curl_url_cleanup(parts);
    if (!is_good)
        return false;
    len = strlen(host);
    if (host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = '\0';
        memmove(host, host + 1, len - 1);
    }
    snprintf(origin->host, sizeof(origin->host), "%s", host);
    origin->port = (int)strtol(port, NULL, 10);
    origin->is_tls = strcmp(scheme, "https") == 0;
    origin->is_address = uv_ip4_addr(host, 0, (struct sockaddr_in *)&address) == 0 ||
                         uv_ip6_addr(host, 0, &address) == 0;
    return true;
}

bool bl_http_origin_is_same(const char *a, const char *b)
{
    struct bl_http_origin first, second;

    return bl_http_origin_parse(a, &first) && bl_http_origin_parse(b, &second) &&
           first.port == second.port && first.is_tls == second.is_tls &&
           strcasecmp(first.host, second.host) == 0;
}

bool bl_http_scalar(struct bl_buf *out, const struct bl_value *value)
{
    size_t len;
    const char *text;

    switch (bl_value_type(value)) {
    case BL_BOOL:
        return bl_buf_text_add(out, bl_value_is_true(value) ? "true" : "false");
    case BL_INT:
        return bl_buf_printf(out, "%lld", (long long)bl_value_as_int(value));
    case BL_FLOAT:
        bl_json_write_float(out, bl_value_as_float(value));
        return true;
    case BL_BYTES:
        text = bl_value_as_bytes(value, &len);
        return bl_buf_add(out, text, len);
    default:
        return false;
    }
}

static void url_add_escaped(struct bl_buf *out, const char *text, size_t len)
{
    char *escaped = len > 0 ? curl_easy_escape(NULL, text, (int)len) : NULL;

    if (escaped != NULL)
        bl_buf_text_add(out, escaped);
    curl_free(escaped);
}

static bool url_add_pair(struct bl_buf *out, char before, const char *name,
                         const struct bl_value *value)
{
    struct bl_buf text;
    bool is_scalar;

    bl_buf_init(&text, 1 << 20);
    is_scalar = bl_http_scalar(&text, value);
    bl_buf_char(out, before);
    url_add_escaped(out, name, strlen(name));
    bl_buf_char(out, '=');
    url_add_escaped(out, bl_buf_text(&text), text.len);
    bl_buf_release(&text);
    return is_scalar;
}

/* Adds the query; the name of the first field that is no scalar or list of scalars, else NULL.
 */
static const char *url_add_query(struct bl_buf *out, const struct bl_value *query)
{
    char before = strchr(bl_buf_text(out), '?') != NULL ? '&' : '?';

    for (size_t i = 0; i < bl_value_count(query); i++) {
        const struct bl_value *value = bl_map_at(query, i);
        bool is_list = bl_value_type(value) == BL_LIST;
        for (size_t n = 0; n < (is_list ? bl_value_count(value) : 1); n++) {
            if (!url_add_pair(out, before, bl_map_key(query, i),
                              is_list ? bl_list_get(value, n) : value))
                return bl_map_key(query, i);
            before = '&';
        }
    }
    return NULL;
}

/* Lets libcurl's parser have the last word: what it gives back is what is sent. */
static char *url_normal(const char *text)
{
    CURLU *parts = curl_url();
    char *full = NULL, *copy;
    struct bl_http_origin origin;

    if (curl_url_set(parts, CURLUPART_URL, text, CURLU_URLENCODE) == CURLUE_OK &&
        curl_url_set(parts, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK)
        curl_url_get(parts, CURLUPART_URL, &full, 0);
    curl_url_cleanup(parts);
    copy = full != NULL && bl_http_origin_parse(full, &origin) ? bl_strdup(full) : NULL;
    curl_free(full);
    return copy;
}

static bool url_path_is_good(const char *path)
{
    if (*path != '\0' && *path != '/' && *path != '?')
        return false;
    for (; *path != '\0'; path++) {
        if ((unsigned char)*path < 32 || *path == 127)
            return false;
    }
    return true;
}

char *bl_http_url(const struct bl_call *call, const char *base, const char *path,
                  const struct bl_value *query, struct bl_error *err)
{
    struct bl_buf url;
    size_t len = strlen(base);
    const char *bad;
    char *normal = NULL;

    if (!url_path_is_good(path)) {
        bl_fail(err, BL_E_ARG,
                "%s: argument 'path' must be empty or begin with '/', without control "
                "characters: '%.80s'",
                call->target, path);
        return NULL;
    }
    bl_buf_init(&url, 0);
    while (len > 0 && base[len - 1] == '/' && *path == '/')
        len--;
    bl_buf_add(&url, base, len);
    bl_buf_text_add(&url, path);
    bad = url_add_query(&url, query);
    if (bad != NULL)
        bl_fail(err, BL_E_ARG,
                "%s: option 'query': '%s' must be a string, number, boolean or a list of them",
                call->target, bad);
    else if ((normal = url_normal(bl_buf_text(&url))) == NULL)
        bl_fail(err, BL_E_ARG,
                "%s: setting 'url' is not an http or https URL: correct it in the environment",
                call->target);
    bl_buf_release(&url);
    return normal;
}

/* What follows the secret base in a URL; NULL when the URL does not begin with it. */
static const char *shown_rest(const char *base, const char *url)
{
    char *normal = url_normal(base);
    size_t len = normal != NULL ? strlen(normal) : 0;
    const char *rest = NULL;

    while (len > 0 && normal[len - 1] == '/')
        len--;
    if (len > 0 && strncmp(url, normal, len) == 0)
        rest = url + len;
    bl_free(normal);
    return rest;
}

char *bl_http_shown(const struct bl_call *call, const char *url)
{
    const struct bl_value *base = bl_map_get(call->settings, "url");
    CURLU *parts;
    char *full = NULL, *copy;

    if (bl_value_type(base) == BL_SECRET) {
        const char *rest = shown_rest(bl_value_reveal(base, NULL), url);
        struct bl_buf shown;
        bl_buf_init(&shown, 0);
        bl_buf_printf(&shown, "<secret:%s>%s", bl_value_secret_name(base),
                      rest != NULL ? rest : "");
        return bl_buf_take(&shown, NULL);
    }
    parts = curl_url();
    if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK) {
        curl_url_set(parts, CURLUPART_USER, NULL, 0);
        curl_url_set(parts, CURLUPART_PASSWORD, NULL, 0);
        curl_url_get(parts, CURLUPART_URL, &full, 0);
    }
    curl_url_cleanup(parts);
    copy = bl_strdup(full != NULL ? full : "(no URL)");
    curl_free(full);
    return copy;
}
