/* How many answers a second lib/schema checks, parsing counted: one thread, one round per call.
 *
 * Usage: wardroom-bench-schema SCHEMA ANSWER SECONDS. Prints the figure of the verdict alone and of
 * the check that collects faults, the way threads call it. Next: ajv.mjs
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "schema/schema.h"

static struct bytes read_file(const char *path)
{
    static uint8_t room[2][64 * 1024];
    static int next;
    uint8_t *into = room[next++ % 2];
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    size_t len = fread(into, 1, sizeof room[0], file);
    fclose(file);
    return bytes_of(into, len);
}

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double rate(const struct schema *schema, struct bytes answer, double seconds,
                   struct schema_errors *errors)
{
    unsigned long count = 0;
    double begin = cpu_s(), end = begin;
    for (; end - begin < seconds; end = cpu_s()) {
        for (int i = 0; i < 1000; i++)
            if (schema_check_text(schema, answer, errors) != OK) {
                fprintf(stderr, "The answer is refused.\n");
                exit(1);
            }
        count += 1000;
    }
    return (double)count / (end - begin);
}

int main(int argc, char **argv)
{
    static struct schema_errors errors;
    struct schema *schema = NULL;
    if (argc != 4) {
        fprintf(stderr, "usage: wardroom-bench-schema SCHEMA ANSWER SECONDS\n");
        return 2;
    }
    struct bytes text = read_file(argv[1]), answer = read_file(argv[2]);
    double seconds = strtod(argv[3], NULL);
    if (schema_compile(text, NULL, &schema, &errors) != OK) {
        fprintf(stderr, "%s %s\n", errors.list[0].pointer, errors.list[0].detail);
        return 1;
    }
    (void)rate(schema, answer, seconds / 4, &errors);
    printf("%.0f %.0f\n", rate(schema, answer, seconds, NULL),
           rate(schema, answer, seconds, &errors));
    schema_free(schema);
    return 0;
}
