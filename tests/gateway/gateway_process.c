/* Starting and stopping it. */
#include "gateway_process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bus/curve.h"
#include "raw.h"

#define PORT_FIRST   21000
#define PORT_LAST    31000
#define READY_MS_MAX 20000

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "test gateway: %s failed: %s\n", what, strerror(errno));
        exit(1);
    }
}

static bool port_is_free(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_free = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return is_free;
}

static uint16_t free_port(void)
{
    static uint16_t next;
    if (next == 0)
        next = (uint16_t)(PORT_FIRST + getpid() * 7 % (PORT_LAST - PORT_FIRST));
    for (int i = 0; i < PORT_LAST - PORT_FIRST; i++) {
        uint16_t port = next++;
        if (next > PORT_LAST)
            next = PORT_FIRST;
        if (port_is_free(port))
            return port;
    }
    must(false, "a free port");
    return 0;
}

static void make_certificate(const char *cert_path, const char *key_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    must(X509_sign(cert, key, EVP_sha256()) > 0, "signing the certificate");
    FILE *cert_file = fopen(cert_path, "we"), *key_file = fopen(key_path, "we");
    must(cert_file && PEM_write_X509(cert_file, cert) == 1 && fclose(cert_file) == 0, cert_path);
    must(key_file && PEM_write_PrivateKey(key_file, key, NULL, NULL, 0, NULL, NULL) == 1 &&
             fclose(key_file) == 0,
         key_path);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void make_folder(const struct test_gateway *gateway, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", gateway->dir, name);
    must(mkdir(path, 0700) == 0, path);
}

static void make_files(struct test_gateway *gateway)
{
    static const char *const programs[] = {"gateway",   "auth",  "threads",
                                           "templates", "files", "retention"};
    char path[128], other[128];
    must(mkdtemp(gateway->dir) != NULL, "mkdtemp");
    make_folder(gateway, "trust");
    make_folder(gateway, "trust/public");
    make_folder(gateway, "nobody");
    make_folder(gateway, "static");
    make_folder(gateway, "static/assets");
    snprintf(path, sizeof path, "%s/trust", gateway->dir);
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        must(curve_make_pair(path, programs[i]) == OK, "curve_make_pair");
    test_trust_open(&gateway->trust, path);
    snprintf(path, sizeof path, "%s/tls.crt", gateway->dir);
    snprintf(other, sizeof other, "%s/tls.key", gateway->dir);
    make_certificate(path, other);
    snprintf(path, sizeof path, "%s/static/index.html", gateway->dir);
    FILE *page = fopen(path, "we");
    must(page && fputs("<!doctype html>the page", page) >= 0 && fclose(page) == 0, path);
    snprintf(path, sizeof path, "%s/static/assets/big-1.js", gateway->dir);
    must(truncate(path, 0) == 0 || errno == ENOENT, path);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    must(fd >= 0 && ftruncate(fd, 16 * 1024 * 1024) == 0 && close(fd) == 0, path);
}

struct environment {
    char text[32][192];
    char *pointers[33];
    size_t count;
};

static void __attribute__((format(printf, 2, 3)))
set(struct environment *environment, const char *format, ...)
{
    va_list args;
    size_t at = environment->count++;
    must(at < 32, "a smaller environment");
    va_start(args, format);
    vsnprintf(environment->text[at], sizeof environment->text[at], format, args);
    va_end(args);
    environment->pointers[at] = environment->text[at];
    environment->pointers[at + 1] = NULL;
}

static void fill_environment(const struct test_gateway *gateway, struct environment *environment)
{
    static const char *const kept[] = {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS",
                                       "LSAN_OPTIONS"};
    static const char *const services[] = {"AUTH", "THREADS", "TEMPLATES", "FILES", "RETENTION"};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (getenv(kept[i]))
            set(environment, "%s=%s", kept[i], getenv(kept[i]));
    }
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        set(environment, "WARDROOM_%s_ENDPOINT=dir:%s/nobody", services[i], gateway->dir);
    set(environment, "WARDROOM_GATEWAY_LISTEN=127.0.0.1:%u", gateway->tls_port);
    set(environment, "WARDROOM_PLAIN_LISTEN=127.0.0.1:%u", gateway->plain_port);
    set(environment, "WARDROOM_OPS_LISTEN=127.0.0.1:%u", gateway->ops_port);
    set(environment, "WARDROOM_TRUST_DIR=%s/trust", gateway->dir);
    set(environment, "WARDROOM_TLS_CERT_PATH=%s/tls.crt", gateway->dir);
    set(environment, "WARDROOM_TLS_KEY_PATH=%s/tls.key", gateway->dir);
    set(environment, "WARDROOM_STATIC_DIR=%s/static", gateway->dir);
    set(environment, "WARDROOM_PUBLIC_ORIGINS=https://chat.example");
    set(environment, "WARDROOM_CHANNEL_KEY=1:%064d", 7);
    set(environment, "REDIS_URL=redis://127.0.0.1:1/0");
    set(environment, "WARDROOM_LOG_LEVEL=error");
}

void test_gateway_start(struct test_gateway *gateway)
{
    static const char *const none[] = {NULL};
    test_gateway_start_with(gateway, none);
}

void test_gateway_start_with(struct test_gateway *gateway, const char *const *more)
{
    struct environment environment = {0};
    char path[512], *argv[] = {path, NULL};
    *gateway = (struct test_gateway){.dir = "/tmp/wardroom-gw-XXXXXX"};
    make_files(gateway);
    gateway->tls_port = free_port();
    gateway->plain_port = free_port();
    gateway->ops_port = free_port();
    fill_environment(gateway, &environment);
    for (; *more; more++)
        set(&environment, "%s", *more);
    snprintf(path, sizeof path, "%s/wardroom-gateway", BINARY_DIR);
    gateway->pid = fork();
    must(gateway->pid >= 0, "fork");
    if (gateway->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed assertion leaves nothing behind */
        execve(path, argv, environment.pointers);
        _exit(127);
    }
    must(raw_wait_port(gateway->plain_port, READY_MS_MAX), "waiting for the gateway");
}

bool test_gateway_is_alive(const struct test_gateway *gateway)
{
    int status;
    return waitpid(gateway->pid, &status, WNOHANG) == 0;
}

int test_gateway_stop(struct test_gateway *gateway)
{
    kill(gateway->pid, SIGTERM);
    return test_gateway_wait(gateway);
}

int test_gateway_wait(struct test_gateway *gateway)
{
    char command[128];
    int status = 0;
    must(waitpid(gateway->pid, &status, 0) == gateway->pid, "waitpid");
    test_trust_close(&gateway->trust);
    snprintf(command, sizeof command, "rm -rf '%s'", gateway->dir);
    must(system(command) == 0, command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

long test_gateway_cpu_ms(const struct test_gateway *gateway)
{
    char path[64];
    unsigned long user = 0, kernel = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)gateway->pid);
    FILE *file = fopen(path, "re");
    must(file && fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                        &user, &kernel) == 2,
         path);
    fclose(file);
    return (long)((user + kernel) * 1000 / (unsigned long)sysconf(_SC_CLK_TCK));
}

long test_gateway_refused(const struct test_gateway *gateway, const char *reason)
{
    char name[128];
    struct raw raw = raw_open(gateway->ops_port);
    raw_send(&raw, "GET /metrics HTTP/1.0\r\n\r\n");
    raw_read_all(&raw, 5000);
    snprintf(name, sizeof name, "wardroom_gateway_refused_total{reason=\"%s\"} ", reason);
    const char *at = strstr(raw.text, name);
    long value = at ? strtol(at + strlen(name), NULL, 10) : -1;
    raw_close(&raw);
    return value;
}
