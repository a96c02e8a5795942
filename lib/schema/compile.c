/* From text to nodes. Next: keywords.c */
#include "schema/compile.h"
#include "schema/read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const struct schema_options schema_options_templates = {.bytes_max = SCHEMA_BYTES_MAX,
                                                        .depth_max = SCHEMA_DEPTH_MAX,
                                                        .subschemas_max = SCHEMA_SUBSCHEMAS_MAX,
                                                        .steps_max = SCHEMA_STEPS_MAX,
                                                        .formats_asserted = true,
                                                        .local_refs_only = true};

static void stop_with(struct compiler *compiler, enum status status, const char *pointer,
                      const char *keyword, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static void stop_with(struct compiler *compiler, enum status status, const char *pointer,
                      const char *keyword, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    errors_add(compiler->errors, pointer, keyword, format, args);
    va_end(args);
    if (compiler->status == OK || compiler->status == STATUS_VALIDATION_FAILED)
        compiler->status = status;
}

void compile_stop(struct compiler *compiler, enum status status, const char *pointer,
                  const char *detail)
{
    stop_with(compiler, status, pointer, NULL, "%s", detail);
}

void compile_refuse(struct compiler *compiler, uint32_t node, const char *keyword,
                    const char *format, ...)
{
    char detail[sizeof compiler->errors->list->detail];
    const struct place *place = &compiler->places[node];
    const char *pointer = place->pointer;
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    if (!place->in_document) /* no pointer into the schema leads there */
        return stop_with(compiler, STATUS_VALIDATION_FAILED, "", keyword, "%s (in %s)", detail,
                         compiler->resources[place->resource].uri);
    if (keyword)
        pointer = compile_pointer(compiler, pointer, bytes_text(keyword));
    if (pointer)
        stop_with(compiler, STATUS_VALIDATION_FAILED, pointer, keyword, "%s", detail);
}

static bool is_stopped(const struct compiler *compiler)
{
    return compiler->status != OK && compiler->status != STATUS_VALIDATION_FAILED;
}

void *compile_alloc(struct compiler *compiler, size_t size)
{
    void *memory = arena_alloc(compiler->schema->arena, size);
    if (!memory && !is_stopped(compiler))
        compile_stop(compiler, STATUS_RESOURCE_EXHAUSTED, "", "takes too much memory");
    return memory;
}

const char *compile_pointer(struct compiler *compiler, const char *parent, struct bytes token)
{
    size_t len = strlen(parent);
    char *pointer = compile_alloc(compiler, len + 2 * token.len + 2);
    if (!pointer)
        return NULL;
    memcpy(pointer, parent, len);
    pointer[len++] = '/';
    for (size_t i = 0; i < token.len; i++) {
        char c = (char)token.data[i];
        if (c == '~' || c == '/') {
            pointer[len++] = '~';
            c = c == '~' ? '0' : '1';
        }
        pointer[len++] = c;
    }
    return pointer;
}

const char *compile_text(struct compiler *compiler, struct bytes text)
{
    char *copy = compile_alloc(compiler, text.len + 1);
    if (copy)
        memcpy(copy, text.data, text.len);
    return copy;
}

void *compile_grow(struct compiler *compiler, void *array, size_t len, size_t *cap, size_t size)
{
    if (len < *cap)
        return array;
    size_t more = *cap ? 2 * *cap : 16;
    void *grown = realloc(array, more * size);
    if (!grown) {
        compile_stop(compiler, STATUS_RESOURCE_EXHAUSTED, "", "takes too much memory");
        return NULL;
    }
    *cap = more;
    return grown;
}

/* --- places: nodes by their source --- */

static size_t source_slot(const struct compiler *compiler, const json_t *source)
{
    size_t mask = compiler->by_source_cap - 1;
    size_t slot = ((uintptr_t)source >> 4) * 0x9E3779B97F4A7C15u >> 32 & mask;
    while (compiler->by_source[slot] &&
           compiler->places[compiler->by_source[slot]].source != source)
        slot = (slot + 1) & mask;
    return slot;
}

uint32_t compile_find(const struct compiler *compiler, const json_t *source)
{
    if (json_is_boolean(source))
        return json_is_true(source) ? NODE_TRUE : NODE_FALSE;
    uint32_t node = compiler->by_source[source_slot(compiler, source)];
    return node ? node : NODE_NONE;
}

static uint32_t node_add(struct compiler *compiler, const struct place *place)
{
    struct schema *schema = compiler->schema;
    size_t cap = compiler->nodes_cap;
    struct node *nodes =
        compile_grow(compiler, schema->nodes, schema->nodes_len, &cap, sizeof *nodes);
    if (!nodes)
        return NODE_NONE;
    schema->nodes = nodes;
    struct place *places = compile_grow(compiler, compiler->places, schema->nodes_len,
                                        &compiler->nodes_cap, sizeof *places);
    if (!places)
        return NODE_NONE;
    compiler->places = places;
    uint32_t id = schema->nodes_len++;
    places[id] = *place;
    nodes[id] = (struct node){.resource = place->resource,
                              .unevaluated_items = NODE_NONE,
                              .unevaluated_properties = NODE_NONE};
    return id;
}

uint32_t compile_place(struct compiler *compiler, json_t *source, const char *pointer,
                       uint32_t resource, unsigned depth, bool in_document)
{
    if (!pointer || is_stopped(compiler))
        return NODE_NONE;
    if (json_is_boolean(source))
        return json_is_true(source) ? NODE_TRUE : NODE_FALSE;
    const char *where = in_document ? pointer : "";
    if (!json_is_object(source)) {
        stop_with(compiler, STATUS_VALIDATION_FAILED, where, "type",
                  "must be a schema: an object, true or false");
        return NODE_NONE;
    }
    uint32_t found = compile_find(compiler, source);
    if (found != NODE_NONE)
        return found;
    if (depth > compiler->options->depth_max) {
        compile_stop(compiler, STATUS_TOO_LARGE, where, "is nested too deeply");
        return NODE_NONE;
    }
    if (compiler->schema->nodes_len >= compiler->options->subschemas_max + NODE_FIRST) {
        compile_stop(compiler, STATUS_TOO_LARGE, where, "has too many sub-schemas");
        return NODE_NONE;
    }
    uint32_t node = node_add(compiler, &(struct place){.source = source,
                                                       .pointer = pointer,
                                                       .resource = resource,
                                                       .depth = depth,
                                                       .in_document = in_document});
    if (node != NODE_NONE)
        compiler->by_source[source_slot(compiler, source)] = node;
    return node;
}

uint32_t compile_child(struct compiler *compiler, uint32_t node, const char *name,
                       struct bytes token, json_t *source)
{
    struct place parent = compiler->places[node];
    const char *pointer = compile_pointer(compiler, parent.pointer, bytes_text(name));
    if (pointer && token.data)
        pointer = compile_pointer(compiler, pointer, token);
    return compile_place(compiler, source, pointer, parent.resource, parent.depth + 1,
                         parent.in_document);
}

/* --- documents --- */

json_t *compile_parse(struct compiler *compiler, struct bytes text)
{
    struct schema *schema = compiler->schema;
    json_t *root;
    const char *fault;
    size_t at;
    if (text.len > compiler->options->bytes_max) {
        compile_stop(compiler, STATUS_TOO_LARGE, "", "is too long");
        return NULL;
    }
    enum status status = json_read(text, &root, &fault, &at);
    if (status != OK) {
        stop_with(compiler, status, "", NULL, "is not JSON: %s (byte %zu)", fault, at);
        return NULL;
    }
    json_t **documents =
        realloc(schema->documents, (schema->documents_len + 1) * sizeof *documents);
    if (!documents) {
        json_decref(root);
        compile_stop(compiler, STATUS_RESOURCE_EXHAUSTED, "", "takes too much memory");
        return NULL;
    }
    schema->documents = documents;
    schema->documents[schema->documents_len++] = root;
    return root;
}

uint32_t compile_resource_add(struct compiler *compiler, const struct resource_place *resource)
{
    struct resource_place *resources =
        compile_grow(compiler, compiler->resources, compiler->resources_len,
                     &compiler->resources_cap, sizeof *resources);
    if (!resources)
        return NODE_NONE;
    compiler->resources = resources;
    resources[compiler->resources_len] = *resource;
    return (uint32_t)compiler->resources_len++;
}

uint32_t compile_document(struct compiler *compiler, json_t *root, const char *uri,
                          bool in_document)
{
    uint32_t resource = compile_resource_add(
        compiler,
        &(struct resource_place){
            .uri = uri, .root = root, .node = NODE_NONE, .vocabularies = VOCABULARY_DRAFT});
    if (resource == NODE_NONE)
        return NODE_NONE;
    uint32_t node = compile_place(compiler, root, "", resource, 1, in_document);
    compiler->resources[resource].node = node;
    return node == NODE_NONE ? NODE_NONE : resource;
}

static bool compiler_begin(struct compiler *compiler)
{
    struct place boolean = {.pointer = ""};
    size_t slots = 64;
    while (slots < 2 * (size_t)compiler->options->subschemas_max)
        slots *= 2;
    compiler->by_source = calloc(slots, sizeof *compiler->by_source);
    compiler->by_source_cap = slots;
    compiler->schema->arena = arena_new(SCHEMA_ARENA_BYTES_MAX);
    return compiler->by_source && compiler->schema->arena &&
           node_add(compiler, &boolean) == NODE_TRUE && node_add(compiler, &boolean) == NODE_FALSE;
}

/* Visit every place, then resolve what they refer to, until nothing new comes. */
static void compile_all(struct compiler *compiler)
{
    uint32_t next = NODE_FIRST;
    do {
        for (; next < compiler->schema->nodes_len && !is_stopped(compiler); next++) {
            compile_identify(compiler, next);
            compile_keywords(compiler, next);
        }
        if (!is_stopped(compiler))
            compile_resolve(compiler);
    } while (!is_stopped(compiler) && (next < compiler->schema->nodes_len ||
                                       compiler->references_done < compiler->references_len));
    if (compiler->status == OK)
        compile_refuse_cycles(compiler);
    if (compiler->status == OK)
        compile_identify_dynamic(compiler);
}

static void compiler_fini(struct compiler *compiler)
{
    free(compiler->places);
    free(compiler->resources);
    free(compiler->anchors);
    free(compiler->references);
    free(compiler->loaded);
    free(compiler->by_source);
}

enum status schema_compile(struct bytes text, const struct schema_options *options,
                           struct schema **ret, struct schema_errors *errors)
{
    struct schema *schema = calloc(1, sizeof *schema);
    struct compiler compiler = {.options = options ? options : &schema_options_templates,
                                .schema = schema,
                                .errors = errors};
    if (errors)
        errors->count = errors->more = 0;
    if (!schema)
        return STATUS_RESOURCE_EXHAUSTED;
    schema->depth_max = compiler.options->depth_max;
    schema->steps_max = compiler.options->steps_max;
    if (!compiler_begin(&compiler))
        compile_stop(&compiler, STATUS_RESOURCE_EXHAUSTED, "", "takes too much memory");
    json_t *root = compiler.status == OK ? compile_parse(&compiler, text) : NULL;
    if (root) {
        uint32_t resource = compile_document(&compiler, root, "schema:/", true);
        if (resource != NODE_NONE)
            schema->root = compiler.resources[resource].node;
        compile_all(&compiler);
    }
    compiler_fini(&compiler);
    if (compiler.status == OK)
        *ret = schema;
    else
        schema_free(schema);
    return compiler.status;
}

void schema_free(struct schema *schema)
{
    if (!schema)
        return;
    regex_free_list(schema->regexes);
    for (size_t i = 0; i < schema->documents_len; i++)
        json_decref(schema->documents[i]);
    free(schema->documents);
    free(schema->nodes);
    arena_free(schema->arena);
    free(schema);
}
