/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* certificate.c: makes certificates for tests with OpenSSL. */
#include "base/prefix.h"

#include "support/certificate.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define DAY 86400L

static FILE *certificate_file(const char *folder, const char *name, const char *ending,
                              const char *mode)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s.%s", folder, name, ending);
    file = fopen(path, mode);
    if (file == NULL)
        BL_BUG("test: cannot open %s", path);
    return file;
}

static void certificate_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension == NULL || X509_add_ext(certificate, extension, -1) != 1)
        BL_BUG("test: extension %s", value);
    X509_EXTENSION_free(extension);
}

/* A certificate with all but its extensions and signature. */
static X509 *certificate_new(const char *common_name, EVP_PKEY *key, const X509 *issuer,
                             long days)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_NAME_new();
    static long serial = 0;

    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1,
                               -1, 0);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial + time(NULL));
    X509_set_subject_name(certificate, name);
    X509_set_issuer_name(certificate, issuer != NULL ? X509_get_subject_name(issuer) : name);
    X509_gmtime_adj(X509_getm_notBefore(certificate), (days < 0 ? days - 30 : -1) * DAY);
    X509_gmtime_adj(X509_getm_notAfter(certificate), days * DAY);
    X509_set_pubkey(certificate, key);
    X509_NAME_free(name);
    return certificate;
}

/* Signs and writes both files; frees certificate and key. */
static void certificate_finish(const char *folder, const char *name, X509 *certificate,
                               EVP_PKEY *key, EVP_PKEY *signer)
{
    FILE *pem = certificate_file(folder, name, "pem", "we");
    FILE *secret = certificate_file(folder, name, "key", "we");

    if (X509_sign(certificate, signer, EVP_sha256()) == 0 ||
        PEM_write_X509(pem, certificate) != 1 ||
        PEM_write_PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) != 1)
        BL_BUG("test: cannot write certificate %s", name);
    fclose(pem);
    fclose(secret);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

void certificate_authority(const char *folder, const char *name)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = certificate_new(name, key, NULL, 3650);

    certificate_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    certificate_extension(certificate, certificate, NID_key_usage,
                          "critical,keyCertSign,cRLSign");
    certificate_extension(certificate, certificate, NID_subject_key_identifier, "hash");
    certificate_finish(folder, name, certificate, key, key);
}

void certificate_server(const char *folder, const char *authority, const char *name,
                        const char *host, int days)
{
    FILE *pem = certificate_file(folder, authority, "pem", "re");
    FILE *secret = certificate_file(folder, authority, "key", "re");
    X509 *issuer = PEM_read_X509(pem, NULL, NULL, NULL);
    EVP_PKEY *signer = PEM_read_PrivateKey(secret, NULL, NULL, NULL);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = certificate_new(host, key, issuer, days);
    struct in_addr address;
    char names[300];

    snprintf(names, sizeof(names), "%s:%s", inet_aton(host, &address) ? "IP" : "DNS", host);
    certificate_extension(certificate, issuer, NID_subject_alt_name, names);
    certificate_extension(certificate, issuer, NID_authority_key_identifier, "keyid");
    certificate_finish(folder, name, certificate, key, signer);
    X509_free(issuer);
    EVP_PKEY_free(signer);
    fclose(pem);
    fclose(secret);
}
