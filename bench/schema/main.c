/* How many answers lib/schema checks in a second of CPU, parsing counted, on one thread.
 *
 * Usage: wardroom-bench-schema SCHEMA ANSWER SECONDS. Prints two figures: for the verdict alone,
 * and collecting faults, the way threads calls it. Next: ajv.mjs
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "schema/schema.h"

static struct bytes read_file(const char *path, uint8_t *room, size_t cap)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    size_t len = fread(room, 1, cap, file);
    fclose(file);
    return bytes_of(room, len);
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
        for (int i = 0; i < 1000; i++) {
            if (schema_check_text(schema, answer, errors) != OK) {
                fprintf(stderr, "The answer is refused.\n");
                exit(1);
            }
        }
        count += 1000;
    }
    return (double)count / (end - begin);
}

int main(int argc, char **argv)
{
    static uint8_t schema_room[SCHEMA_BYTES_MAX], answer_room[CONTENT_BYTES_MAX];
    static struct schema_errors errors;
    struct schema *schema = NULL;
    if (argc != 4) {
        fprintf(stderr, "usage: wardroom-bench-schema SCHEMA ANSWER SECONDS\n");
        return 2;
    }
    struct bytes text = read_file(argv[1], schema_room, sizeof schema_room);
    struct bytes answer = read_file(argv[2], answer_room, sizeof answer_room);
    double seconds = strtod(argv[3], NULL);
    if (schema_compile(text, NULL, &schema, &errors) != OK) {
        fprintf(stderr, "%s %s\n", errors.list[0].pointer, errors.list[0].detail);
        return 1;
    }
    (void)rate(schema, answer, seconds / 2, &errors);
    double verdict = rate(schema, answer, seconds, NULL);
    printf("%.0f %.0f\n", verdict, rate(schema, answer, seconds, &errors));
    schema_free(schema);
    return 0;
}
