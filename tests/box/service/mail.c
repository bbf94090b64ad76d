/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* mail.c: sends one mail to the SMTP server that the environment names. */
#include "base/prefix.h"

#include "mt.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

struct mail_text {
    const char *text;
    size_t left;
};

static size_t mail_read(char *to, size_t size, size_t count, void *data)
{
    struct mail_text *mail = data;
    size_t room = size * count;
    size_t len = mail->left < room ? mail->left : room;

    memcpy(to, mail->text, len);
    mail->text += len;
    mail->left -= len;
    return len;
}

/* A header's value is one line: what came with a line break ends there. */
static void mail_compose(const struct mt_service *service, const char *subject,
                         const char *body, char *text, size_t size)
{
    snprintf(text, size, "From: %s\r\nTo: %s\r\nSubject: %.*s\r\n\r\n%s\r\n",
             mt_env(service, "SMTP_FROM_EMAIL", "alerts@mastertrade.invalid"),
             mt_env(service, "EMAIL_TO", "ops@mastertrade.invalid"),
             (int)strcspn(subject, "\r\n"), subject, body);
}

bool mt_mail_send(const struct mt_service *service, const char *subject, const char *body,
                  char *why, size_t size)
{
    char url[128], text[4096];
    struct mail_text mail = {.text = text};
    struct curl_slist *to;
    CURL *curl = curl_easy_init();
    CURLcode code;

    if (!curl) {
        snprintf(why, size, "no memory");
        return false;
    }
    mail_compose(service, subject, body, text, sizeof text);
    mail.left = strlen(text);
    snprintf(url, sizeof url, "smtp://%s:%s", mt_env(service, "SMTP_HOST", "127.0.0.1"),
             mt_env(service, "SMTP_PORT", NULL));
    to = curl_slist_append(NULL, mt_env(service, "EMAIL_TO", "ops@mastertrade.invalid"));
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 5L);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM,
                     mt_env(service, "SMTP_FROM_EMAIL", "alerts@mastertrade.invalid"));
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, mail_read);
    curl_easy_setopt(curl, CURLOPT_READDATA, &mail);
    code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
        snprintf(why, size, "%s", curl_easy_strerror(code));
    }
    curl_slist_free_all(to);
    curl_easy_cleanup(curl);
    return code == CURLE_OK;
}
