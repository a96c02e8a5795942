/* Comparing and hashing whole values. Next: evaluate.c */
#include "schema/equal.h"

#include <string.h>
#include "core/limits.h"
#include "schema/number.h"

static bool effort_take(struct effort *effort, unsigned depth)
{
    if (effort->steps == 0 || depth > SCHEMA_VALUE_DEPTH_MAX) {
        effort->spent = true;
        return false;
    }
    effort->steps--;
    return true;
}

static bool equal_at(struct effort *effort, json_t *a, json_t *b, unsigned depth)
{
    if (!effort_take(effort, depth))
        return false;
    if (json_is_number(a) && json_is_number(b))
        return number_compare(number_of(a), number_of(b)) == 0;
    if (json_typeof(a) != json_typeof(b))
        return false;
    if (json_is_string(a))
        return json_string_length(a) == json_string_length(b) &&
               memcmp(json_string_value(a), json_string_value(b), json_string_length(a)) == 0;
    if (json_is_array(a)) {
        size_t count = json_array_size(a);
        bool equal = count == json_array_size(b);
        for (size_t i = 0; equal && i < count; i++)
            equal = equal_at(effort, json_array_get(a, i), json_array_get(b, i), depth + 1);
        return equal;
    }
    if (json_is_object(a)) {
        bool equal = json_object_size(a) == json_object_size(b);
        for (void *i = json_object_iter(a); equal && i; i = json_object_iter_next(a, i)) {
            json_t *other =
                json_object_getn(b, json_object_iter_key(i), json_object_iter_key_len(i));
            equal = other && equal_at(effort, json_object_iter_value(i), other, depth + 1);
        }
        return equal;
    }
    return true;
}

bool value_equal(struct effort *effort, json_t *a, json_t *b)
{
    return equal_at(effort, a, b, 0);
}

static uint64_t mix(uint64_t hash)
{
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static uint64_t hash_text(const char *text, size_t len, uint64_t seed)
{
    uint64_t hash = 0xcbf29ce484222325u ^ seed;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3u;
    return mix(hash);
}

/* Equal numbers, equal hash: whole ones that fit by their integer, others by their double. */
static uint64_t hash_number(const json_t *value)
{
    struct number number = number_of(value);
    if (number.is_real && number_is_integer(number) && number.real >= -0x1p63 &&
        number.real < 0x1p63)
        number = (struct number){.integer = (int64_t)number.real};
    if (!number.is_real)
        return mix((uint64_t)number.integer + 1);
    uint64_t bits;
    memcpy(&bits, &number.real, sizeof bits);
    return mix(bits ^ 0x5555);
}

static uint64_t hash_at(struct effort *effort, json_t *value, unsigned depth)
{
    if (!effort_take(effort, depth))
        return 0;
    if (json_is_number(value))
        return hash_number(value);
    if (json_is_string(value))
        return hash_text(json_string_value(value), json_string_length(value), 0);
    uint64_t hash = mix((uint64_t)json_typeof(value) + 77);
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value) && !effort->spent; i++)
            hash = mix(hash * 31 + hash_at(effort, json_array_get(value, i), depth + 1));
    } else if (json_is_object(value)) {
        /* A sum: members have no order. */
        for (void *i = json_object_iter(value); i && !effort->spent;
             i = json_object_iter_next(value, i)) {
            uint64_t member = hash_at(effort, json_object_iter_value(i), depth + 1);
            hash += hash_text(json_object_iter_key(i), json_object_iter_key_len(i), member);
        }
    }
    return hash;
}

uint64_t value_hash(struct effort *effort, json_t *value)
{
    return hash_at(effort, value, 0);
}
