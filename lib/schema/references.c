/* Where $ref and $dynamicRef lead: to a resource, and in it by pointer or by anchor. Next: cycles.c
 */
#include <stdio.h>
#include <stdlib.h>
#include "schema/compile.h"
#include "schema/uri.h"

void compile_reference(struct compiler *compiler, uint32_t node, bool is_dynamic, json_t *value)
{
    const char *keyword = is_dynamic ? "$dynamicRef" : "$ref";
    if (!json_is_string(value))
        return compile_refuse(compiler, node, keyword, "must be a string");
    const char *text = json_string_value(value);
    if (compiler->options->local_refs_only && text[0] != '#')
        return compile_refuse(compiler, node, keyword,
                              "must lead to a place in this schema and start with #");
    struct reference *references =
        compile_grow(compiler, compiler->references, compiler->references_len,
                     &compiler->references_cap, sizeof *references);
    if (!references)
        return;
    compiler->references = references;
    references[compiler->references_len++] =
        (struct reference){.node = node, .is_dynamic = is_dynamic, .text = text};
}

const struct schema_document *compile_given(const struct compiler *compiler, const char *uri)
{
    for (size_t i = 0; i < compiler->options->documents_len; i++)
        if (strcmp(compiler->options->documents[i].uri, uri) == 0)
            return &compiler->options->documents[i];
    for (size_t i = 0; i < metaschemas_len; i++)
        if (strcmp(metaschemas[i].uri, uri) == 0)
            return &metaschemas[i];
    return NULL;
}

/* --- resources by address --- */

static uint32_t known_resource(const struct compiler *compiler, const char *uri)
{
    for (size_t i = 0; i < compiler->resources_len; i++)
        if (strcmp(compiler->resources[i].uri, uri) == 0)
            return (uint32_t)i;
    for (size_t i = 0; i < compiler->loaded_len; i++)
        if (strcmp(compiler->loaded[i].uri, uri) == 0)
            return compiler->loaded[i].resource;
    return NODE_NONE;
}

static void load(struct compiler *compiler, const struct schema_document *given)
{
    struct loaded *loaded = compile_grow(compiler, compiler->loaded, compiler->loaded_len,
                                         &compiler->loaded_cap, sizeof *loaded);
    const char *uri = compile_text(compiler, bytes_text(given->uri));
    if (!loaded || !uri)
        return;
    compiler->loaded = loaded;
    json_t *root = compile_parse(compiler, given->text);
    uint32_t resource = root ? compile_document(compiler, root, uri, false) : NODE_NONE;
    if (resource != NODE_NONE)
        loaded[compiler->loaded_len++] = (struct loaded){.uri = uri, .resource = resource};
}

/* A document may be known by its own $id only: then all that were given have to be read. */
static void load_all(struct compiler *compiler)
{
    compiler->has_loaded_all = true;
    for (size_t i = 0; i < compiler->options->documents_len; i++)
        if (known_resource(compiler, compiler->options->documents[i].uri) == NODE_NONE)
            load(compiler, &compiler->options->documents[i]);
}

/* The resource with this address. NODE_NONE: none, or its document was loaded just now. */
static uint32_t find_resource(struct compiler *compiler, const char *uri)
{
    uint32_t resource = known_resource(compiler, uri);
    if (resource != NODE_NONE)
        return resource;
    const struct schema_document *given = compile_given(compiler, uri);
    if (given)
        load(compiler, given);
    else if (!compiler->has_loaded_all)
        load_all(compiler);
    return NODE_NONE;
}

/* --- places within a resource --- */

/* The member or item that a token of a JSON pointer names; NULL: none. */
static json_t *step_into(json_t *value, char *token)
{
    char *out = token;
    for (const char *in = token; *in; in++) {
        bool is_escape = in[0] == '~' && (in[1] == '0' || in[1] == '1');
        *out++ = !is_escape ? *in : in[1] == '0' ? '~' : '/';
        in += is_escape;
    }
    *out = '\0';
    if (json_is_object(value))
        return json_object_get(value, token);
    if (!json_is_array(value) || token[0] < '0' || token[0] > '9' || strlen(token) > 9 ||
        (token[0] == '0' && token[1] != '\0'))
        return NULL;
    char *end;
    size_t index = strtoul(token, &end, 10);
    return *end == '\0' ? json_array_get(value, index) : NULL;
}

/* Follow `fragment`, "/a/b", from the resource's root. What is met on the way and has an $id moves
 * the base; the place it ends at is compiled even where no keyword holds schemas. */
static uint32_t follow_pointer(struct compiler *compiler, uint32_t resource, char *fragment)
{
    json_t *value = compiler->resources[resource].root;
    struct place place = {.pointer = "", .in_document = resource == 0};
    for (char *token = fragment; token;) {
        uint32_t node = compile_find(compiler, value);
        if (node != NODE_NONE && node >= NODE_FIRST)
            place = compiler->places[node];
        if (token == fragment)
            token++;
        char *end = strchr(token, '/');
        if (end)
            *end = '\0';
        value = step_into(value, token);
        place.pointer = compile_pointer(compiler, place.pointer, bytes_text(token));
        if (!value || !place.pointer)
            return NODE_NONE;
        place.depth++;
        token = end ? end + 1 : NULL;
    }
    return compile_place(compiler, value, place.pointer, place.resource, place.depth,
                         place.in_document);
}

static const struct anchor *find_anchor(const struct compiler *compiler, uint32_t resource,
                                        const char *name)
{
    const struct anchor *found = NULL;
    for (size_t i = 0; i < compiler->anchors_len; i++) {
        const struct anchor *anchor = &compiler->anchors[i];
        if (anchor->resource == resource && strcmp(anchor->name, name) == 0 &&
            (!found || anchor->number != NODE_NONE))
            found = anchor;
    }
    return found;
}

static bool set_target(struct compiler *compiler, const struct reference *reference,
                       uint32_t resource, char *fragment)
{
    struct branch_rules *branch = compile_node(compiler, reference->node)->branch;
    uint32_t target = compiler->resources[resource].node;
    const struct anchor *anchor = NULL;
    if (fragment[0] == '/') {
        target = follow_pointer(compiler, resource, fragment);
    } else if (fragment[0] != '\0') {
        anchor = find_anchor(compiler, resource, fragment);
        target = anchor ? anchor->node : NODE_NONE;
    }
    if (!reference->is_dynamic) {
        branch->reference = target;
    } else {
        branch->dynamic = target;
        branch->dynamic_anchor = anchor ? anchor->number : NODE_NONE;
    }
    return target != NODE_NONE;
}

/* false: a document was loaded, look again when its places were visited. */
static bool resolve(struct compiler *compiler, const struct reference *reference)
{
    struct arena *arena = compiler->schema->arena;
    uint32_t from = compiler->places[reference->node].resource;
    const char *keyword = reference->is_dynamic ? "$dynamicRef" : "$ref";
    struct uri parts = uri_split(bytes_text(reference->text));
    char *uri = uri_resolve(arena, compiler->resources[from].uri, bytes_text(reference->text));
    char *fragment = uri_decode(arena, parts.fragment);
    if (!uri || !fragment) {
        compile_stop(compiler, STATUS_RESOURCE_EXHAUSTED, "", "takes too much memory");
        return true;
    }
    size_t loaded = compiler->loaded_len;
    uint32_t resource = find_resource(compiler, uri);
    if (resource == NODE_NONE && compiler->loaded_len > loaded)
        return false;
    if (resource == NODE_NONE || !set_target(compiler, reference, resource, fragment))
        if (compiler->status == OK || compiler->status == STATUS_VALIDATION_FAILED)
            compile_refuse(compiler, reference->node, keyword, "leads nowhere");
    return true;
}

void compile_resolve(struct compiler *compiler)
{
    while (compiler->references_done < compiler->references_len) {
        if (!resolve(compiler, &compiler->references[compiler->references_done]))
            return;
        compiler->references_done++;
    }
}
