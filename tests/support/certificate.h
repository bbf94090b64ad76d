/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* certificate.h: makes certificates for tests: good ones, expired ones, of other names, of
 * unknown authorities. */
#ifndef BL_TEST_CERTIFICATE_H
#define BL_TEST_CERTIFICATE_H

#include "base/prefix.h"

/*
 * Writes an authority into folder: NAME.pem (give it to clients as ca_file) and NAME.key.
 */
void certificate_authority(const char *folder, const char *name);
/*
 * Writes a server's NAME.pem and NAME.key, signed by the authority of that name (made before in
 * the same folder), for one host name or IPv4 address, valid from 30 days before its end until
 * `days` from now (negative: expired).
 */
void certificate_server(const char *folder, const char *authority, const char *name,
                        const char *host, int days);

#endif
