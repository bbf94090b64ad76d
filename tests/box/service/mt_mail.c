/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* mt_mail.c: mt_mail PORT DIR is an SMTP sink: each mail becomes a file in DIR; it refuses
 * while DIR/refuse exists. */
#include "base/prefix.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAIL_CLIENTS = 32, MAIL_LINE = 2048 };

struct mail_client {
    int fd;
    char line[MAIL_LINE];
    size_t len;
    FILE *data; /* open between DATA and the dot */
};

static const char *mail_folder;
static unsigned long mail_count;

static void mail_say(const struct mail_client *client, const char *text)
{
    if (write(client->fd, text, strlen(text)) < 0) {
        shutdown(client->fd, SHUT_RDWR);
    }
}

static bool mail_refuses(void)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/refuse", mail_folder);
    return access(path, F_OK) == 0;
}

static void mail_data(struct mail_client *client)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%06lu.eml", mail_folder, ++mail_count);
    client->data = fopen(path, "we");
    mail_say(client, client->data ? "354 go on, a dot ends\r\n" : "451 cannot store\r\n");
}

static void mail_command(struct mail_client *client, const char *line)
{
    if (strncasecmp(line, "DATA", 4) == 0) {
        mail_data(client);
    } else if (strncasecmp(line, "QUIT", 4) == 0) {
        mail_say(client, "221 bye\r\n");
        shutdown(client->fd, SHUT_RDWR);
    } else if (strncasecmp(line, "MAIL", 4) == 0 && mail_refuses()) {
        mail_say(client, "554 5.7.1 refused by the box\r\n");
    } else {
        mail_say(client, "250 ok\r\n");
    }
}

static void mail_line(struct mail_client *client, const char *line)
{
    if (!client->data) {
        mail_command(client, line);
    } else if (strcmp(line, ".") == 0) {
        fclose(client->data);
        client->data = NULL;
        mail_say(client, "250 stored\r\n");
    } else {
        fprintf(client->data, "%s\n", line[0] == '.' ? line + 1 : line);
    }
}

static void mail_close(struct mail_client *client)
{
    if (client->data) {
        fclose(client->data);
    }
    close(client->fd);
    *client = (struct mail_client){.fd = -1};
}

static void mail_lines(struct mail_client *client)
{
    char *start = client->line;
    char *end;

    client->line[client->len] = '\0';
    while ((end = strchr(start, '\n')) != NULL) {
        *end = '\0';
        start[strcspn(start, "\r")] = '\0';
        mail_line(client, start);
        start = end + 1;
    }
    client->len -= (size_t)(start - client->line);
    memmove(client->line, start, client->len);
}

static void mail_read(struct mail_client *client)
{
    ssize_t got = read(client->fd, client->line + client->len, MAIL_LINE - 1 - client->len);

    if (got <= 0) {
        mail_close(client);
        return;
    }
    client->len += (size_t)got;
    mail_lines(client);
    if (client->fd >= 0 && client->len == MAIL_LINE - 1) {
        mail_say(client, "500 line too long\r\n");
        mail_close(client);
    }
}

static void mail_accept(int listener, struct mail_client *clients)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    for (int i = 0; fd >= 0 && i < MAIL_CLIENTS; i++) {
        if (clients[i].fd < 0) {
            clients[i].fd = fd;
            mail_say(&clients[i], "220 box ESMTP\r\n");
            return;
        }
    }
    if (fd >= 0) {
        close(fd);
    }
}

/* The first process of a container ends on a signal only if it asks to. */
static void mail_end(int number)
{
    (void)number;
    _exit(0);
}

static int mail_listen(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 64) != 0) {
        perror("mt_mail: cannot listen");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    struct mail_client clients[MAIL_CLIENTS] = {0};
    struct pollfd polls[MAIL_CLIENTS + 1] = {0};

    if (argc != 3) {
        fprintf(stderr, "mt_mail: usage: mt_mail PORT DIR\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, mail_end);
    mail_folder = argv[2];
    polls[MAIL_CLIENTS] = (struct pollfd){.fd = mail_listen(argv[1]), .events = POLLIN};
    for (int i = 0; i < MAIL_CLIENTS; i++) {
        clients[i].fd = -1;
    }
    for (;;) {
        for (int i = 0; i < MAIL_CLIENTS; i++) {
            polls[i] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
        }
        if (poll(polls, MAIL_CLIENTS + 1, -1) < 0) {
            return 1;
        }
        for (int i = 0; i < MAIL_CLIENTS; i++) {
            if (polls[i].fd >= 0 && polls[i].revents) {
                mail_read(&clients[i]);
            }
        }
        if (polls[MAIL_CLIENTS].revents) {
            mail_accept(polls[MAIL_CLIENTS].fd, clients);
        }
    }
}
