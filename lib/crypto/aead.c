/* OpenSSL 3 behind seven functions: sealing, hashing, deriving, randomness.
 *
 * Fetching an algorithm or making a context costs more than using it on a short message, so
 * algorithms are fetched once and contexts are kept per thread. Next: keyring.h
 */
#include "crypto/aead.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#define HEAD_BYTES (1 + 4 + GCM_NONCE_SIZE)

struct contexts {
    EVP_CIPHER_CTX *seal, *open; /* two: a change of direction would set the cipher up anew */
    EVP_MD_CTX *digest;
    EVP_MAC_CTX *hmac;
};

static pthread_once_t fetched = PTHREAD_ONCE_INIT;
static pthread_key_t at_thread_exit;
static EVP_CIPHER *cipher;
static EVP_MD *digest;
static EVP_MAC *mac;
static EVP_KDF *kdf;
static _Thread_local struct contexts *own;

/* For what can only fail when OpenSSL is installed broken or a few hundred bytes cannot be had:
 * going on without a hash would be worse than ending. */
static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void contexts_free(void *pointer)
{
    struct contexts *contexts = pointer;
    EVP_CIPHER_CTX_free(contexts->seal);
    EVP_CIPHER_CTX_free(contexts->open);
    EVP_MD_CTX_free(contexts->digest);
    EVP_MAC_CTX_free(contexts->hmac);
    free(contexts);
    own = NULL; /* another destructor of this thread may still want to seal */
}

static void fetch(void)
{
    cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    digest = EVP_MD_fetch(NULL, "SHA256", NULL);
    mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    must(cipher != NULL && digest != NULL && mac != NULL && kdf != NULL);
    must(pthread_key_create(&at_thread_exit, contexts_free) == 0);
}

static struct contexts *contexts_own(void)
{
    if (own != NULL) {
        return own;
    }
    pthread_once(&fetched, fetch);
    struct contexts *contexts = calloc(1, sizeof *contexts);
    must(contexts != NULL);
    contexts->seal = EVP_CIPHER_CTX_new();
    contexts->open = EVP_CIPHER_CTX_new();
    contexts->digest = EVP_MD_CTX_new();
    contexts->hmac = EVP_MAC_CTX_new(mac);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end()};
    must(contexts->seal != NULL && contexts->open != NULL && contexts->digest != NULL &&
         contexts->hmac != NULL && EVP_MAC_CTX_set_params(contexts->hmac, params) == 1 &&
         EVP_EncryptInit_ex2(contexts->seal, cipher, NULL, NULL, NULL) == 1 &&
         EVP_DecryptInit_ex2(contexts->open, cipher, NULL, NULL, NULL) == 1);
    must(pthread_setspecific(at_thread_exit, contexts) == 0);
    own = contexts;
    return contexts;
}

static bool gcm_seal(EVP_CIPHER_CTX *context, const struct key *key, struct bytes aad,
                     struct bytes plain, const uint8_t *nonce, uint8_t *out)
{
    int len;
    return EVP_EncryptInit_ex2(context, NULL, key->bytes, nonce, NULL) == 1 &&
           (aad.len == 0 || EVP_EncryptUpdate(context, NULL, &len, aad.data, (int)aad.len) == 1) &&
           (plain.len == 0 ||
            EVP_EncryptUpdate(context, out, &len, plain.data, (int)plain.len) == 1) &&
           EVP_EncryptFinal_ex(context, out + plain.len, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_SIZE, out + plain.len) == 1;
}

static bool gcm_open(EVP_CIPHER_CTX *context, const struct key *key, struct bytes aad,
                     struct bytes secret, const uint8_t *nonce, const uint8_t *tag, uint8_t *out)
{
    int len;
    return EVP_DecryptInit_ex2(context, NULL, key->bytes, nonce, NULL) == 1 &&
           (aad.len == 0 || EVP_DecryptUpdate(context, NULL, &len, aad.data, (int)aad.len) == 1) &&
           (secret.len == 0 ||
            EVP_DecryptUpdate(context, out, &len, secret.data, (int)secret.len) == 1) &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_SIZE, (void *)tag) == 1 &&
           EVP_DecryptFinal_ex(context, out + secret.len, &len) == 1;
}

enum status aead_seal(const struct key *key, struct bytes aad, struct bytes plain, struct buf *out)
{
    if (plain.len > INT_MAX - SEALED_OVERHEAD || aad.len > INT_MAX) {
        return STATUS_UNAVAILABLE;
    }
    uint8_t *room = buf_reserve(out, SEALED_OVERHEAD + plain.len);
    if (room == NULL) {
        return STATUS_UNAVAILABLE;
    }
    room[0] = SEALED_VERSION;
    for (int i = 0; i < 4; i++) {
        room[1 + i] = (uint8_t)(key->id >> (24 - 8 * i));
    }
    random_bytes(room + 5, GCM_NONCE_SIZE);
    if (!gcm_seal(contexts_own()->seal, key, aad, plain, room + 5, room + HEAD_BYTES)) {
        ERR_clear_error();
        return STATUS_UNAVAILABLE;
    }
    out->len += SEALED_OVERHEAD + plain.len;
    return OK;
}

enum status aead_key_id(struct bytes sealed, uint32_t *ret_id)
{
    if (sealed.len < SEALED_OVERHEAD) {
        return STATUS_CORRUPT;
    }
    *ret_id = (uint32_t)sealed.data[1] << 24 | (uint32_t)sealed.data[2] << 16 |
              (uint32_t)sealed.data[3] << 8 | sealed.data[4];
    return OK;
}

enum status aead_open(const struct key *key, struct bytes aad, struct bytes sealed, struct buf *out)
{
    uint32_t id;
    enum status status = aead_key_id(sealed, &id);
    if (status != OK) {
        return status;
    }
    if (sealed.data[0] != SEALED_VERSION || id != key->id || sealed.len > INT_MAX ||
        aad.len > INT_MAX) {
        return STATUS_CORRUPT;
    }
    struct bytes secret = {sealed.data + HEAD_BYTES, sealed.len - SEALED_OVERHEAD};
    /* One more, so that there is a place to point at for an empty plaintext. */
    uint8_t *room = buf_reserve(out, secret.len + 1);
    if (room == NULL) {
        return STATUS_UNAVAILABLE;
    }
    if (!gcm_open(contexts_own()->open, key, aad, secret, sealed.data + 5, secret.data + secret.len,
                  room)) {
        /* GCM hands out plaintext before it is authenticated; nobody may see that. */
        bytes_wipe(room, secret.len);
        ERR_clear_error();
        return STATUS_CORRUPT;
    }
    out->len += secret.len;
    return OK;
}

void sha256(struct bytes in, uint8_t out[SHA256_SIZE])
{
    sha256_pair(in, (struct bytes){0}, out);
}

void sha256_pair(struct bytes a, struct bytes b, uint8_t out[SHA256_SIZE])
{
    EVP_MD_CTX *context = contexts_own()->digest;
    must(EVP_DigestInit_ex2(context, digest, NULL) == 1 &&
         EVP_DigestUpdate(context, a.data, a.len) == 1 &&
         EVP_DigestUpdate(context, b.data, b.len) == 1 &&
         EVP_DigestFinal_ex(context, out, NULL) == 1);
}

void hmac_sha256(struct bytes key, struct bytes in, uint8_t out[SHA256_SIZE])
{
    EVP_MAC_CTX *context = contexts_own()->hmac;
    size_t len;
    /* A NULL key would mean "the one before" to OpenSSL. */
    const uint8_t *data = key.len > 0 ? key.data : (const uint8_t *)"";
    must(EVP_MAC_init(context, data, key.len, NULL) == 1 &&
         EVP_MAC_update(context, in.data, in.len) == 1 &&
         EVP_MAC_final(context, out, &len, SHA256_SIZE) == 1);
}

void hkdf_sha256(struct bytes secret, const char *info, uint8_t *out, size_t out_len)
{
    must(out_len <= 255 * SHA256_SIZE);
    contexts_own();
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret.data, secret.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, strlen(info)),
        OSSL_PARAM_construct_end()};
    must(context != NULL && EVP_KDF_derive(context, out, out_len, params) == 1);
    EVP_KDF_CTX_free(context);
}

void random_bytes(void *out, size_t len)
{
    uint8_t *at = out;
    while (len > 0) {
        /* Up to 256 bytes the kernel never interrupts or shortens the call. */
        size_t piece = len < 256 ? len : 256;
        must(getrandom(at, piece, 0) == (ssize_t)piece);
        at += piece;
        len -= piece;
    }
}

bool secret_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
