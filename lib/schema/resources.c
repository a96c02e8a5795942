/* What a sub-schema is called: $schema, $id, $anchor, $dynamicAnchor. Next: references.c */
#include <ctype.h>
#include "schema/compile.h"
#include "schema/uri.h"

#define DRAFT      "https://json-schema.org/draft/2020-12/schema"
#define VOCABULARY "https://json-schema.org/draft/2020-12/vocab/"

static const struct {
    const char *uri;
    enum vocabulary bit;
} vocabularies[] = {
    {VOCABULARY "core", VOCABULARY_CORE},
    {VOCABULARY "applicator", VOCABULARY_APPLICATOR},
    {VOCABULARY "unevaluated", VOCABULARY_UNEVALUATED},
    {VOCABULARY "validation", VOCABULARY_VALIDATION},
    {VOCABULARY "meta-data", VOCABULARY_META_DATA},
    {VOCABULARY "format-annotation", VOCABULARY_FORMAT_ANNOTATION},
    {VOCABULARY "format-assertion", VOCABULARY_FORMAT_ASSERTION},
    {VOCABULARY "content", VOCABULARY_CONTENT},
};

static unsigned vocabulary_bit(const char *uri)
{
    for (size_t i = 0; i < sizeof vocabularies / sizeof *vocabularies; i++)
        if (strcmp(vocabularies[i].uri, uri) == 0)
            return vocabularies[i].bit;
    return 0;
}

/* The vocabularies that the schema of schemas `document` says it uses. */
static unsigned vocabularies_of(struct compiler *compiler, uint32_t node, json_t *document)
{
    json_t *list = json_object_get(document, "$vocabulary");
    unsigned bits = VOCABULARY_CORE;
    if (!json_is_object(list))
        return VOCABULARY_DRAFT;
    for (void *i = json_object_iter(list); i; i = json_object_iter_next(list, i)) {
        unsigned bit = vocabulary_bit(json_object_iter_key(i));
        if (bit == 0 && json_is_true(json_object_iter_value(i)))
            compile_refuse(compiler, node, "$schema", "needs a vocabulary that is not known here");
        bits |= bit;
    }
    return bits;
}

static void read_dialect(struct compiler *compiler, uint32_t node, json_t *value)
{
    const struct place *place = &compiler->places[node];
    if (!json_is_string(value))
        return compile_refuse(compiler, node, "$schema", "must be a string");
    const char *uri = json_string_value(value);
    size_t len = json_string_length(value);
    if (len > 0 && uri[len - 1] == '#')
        len--;
    if (len == sizeof DRAFT - 1 && memcmp(uri, DRAFT, len) == 0)
        return;
    const char *address = compile_text(compiler, bytes_of(uri, len));
    const struct schema_document *given = address ? compile_given(compiler, address) : NULL;
    if (!given)
        return compile_refuse(compiler, node, "$schema", "must be %s", DRAFT);
    json_t *document = compile_parse(compiler, given->text);
    if (document)
        compiler->resources[place->resource].vocabularies =
            vocabularies_of(compiler, node, document);
}

static bool is_taken(const struct compiler *compiler, const char *uri)
{
    for (size_t i = 0; i < compiler->resources_len; i++)
        if (strcmp(compiler->resources[i].uri, uri) == 0)
            return true;
    return false;
}

/* A root takes the address; anywhere else a new resource begins. */
static void read_id(struct compiler *compiler, uint32_t node, json_t *value)
{
    struct place *place = &compiler->places[node];
    struct resource_place *outer = &compiler->resources[place->resource];
    if (!json_is_string(value))
        return compile_refuse(compiler, node, "$id", "must be a string");
    struct uri id = uri_split(json_text(value));
    if (id.has_fragment && id.fragment.len > 0)
        return compile_refuse(compiler, node, "$id", "must not have a fragment");
    char *uri = uri_resolve(compiler->schema->arena, outer->uri, json_text(value));
    if (!uri)
        return compile_stop(compiler, STATUS_RESOURCE_EXHAUSTED, "", "takes too much memory");
    if (outer->root == place->source) {
        outer->uri = uri;
        return;
    }
    if (is_taken(compiler, uri) && place->in_document)
        return compile_refuse(compiler, node, "$id", "is used twice");
    uint32_t resource = compile_resource_add(
        compiler,
        &(struct resource_place){
            .uri = uri, .root = place->source, .node = node, .vocabularies = outer->vocabularies});
    if (resource != NODE_NONE)
        place->resource = compile_node(compiler, node)->resource = resource;
}

/* `[A-Za-z_][-A-Za-z0-9._]*` */
static bool is_anchor(json_t *value)
{
    struct bytes text = json_is_string(value) ? json_text(value) : bytes_of(NULL, 0);
    bool valid = text.len > 0 && (isalpha(text.data[0]) || text.data[0] == '_');
    for (size_t i = 1; valid && i < text.len; i++)
        valid = isalnum(text.data[i]) || (text.data[i] != 0 && strchr("-._", text.data[i]) != NULL);
    return valid;
}

static uint32_t dynamic_number(struct compiler *compiler, const char *name)
{
    for (size_t i = 0; i < compiler->anchors_len; i++)
        if (compiler->anchors[i].number != NODE_NONE &&
            strcmp(compiler->anchors[i].name, name) == 0)
            return compiler->anchors[i].number;
    return compiler->dynamic_names++;
}

static void read_anchor(struct compiler *compiler, uint32_t node, const char *keyword,
                        json_t *value)
{
    uint32_t resource = compiler->places[node].resource;
    if (!is_anchor(value))
        return compile_refuse(compiler, node, keyword,
                              "must be a letter or _ and letters, digits, - _ . after it");
    const char *name = json_string_value(value);
    for (size_t i = 0; i < compiler->anchors_len; i++) {
        const struct anchor *other = &compiler->anchors[i];
        if (other->resource == resource && other->node != node && strcmp(other->name, name) == 0)
            return compile_refuse(compiler, node, keyword, "is used twice");
    }
    struct anchor *anchors = compile_grow(compiler, compiler->anchors, compiler->anchors_len,
                                          &compiler->anchors_cap, sizeof *anchors);
    if (!anchors)
        return;
    compiler->anchors = anchors;
    bool is_dynamic = strcmp(keyword, "$dynamicAnchor") == 0;
    struct anchor anchor = {.name = name,
                            .resource = resource,
                            .node = node,
                            .number = is_dynamic ? dynamic_number(compiler, name) : NODE_NONE};
    anchors[compiler->anchors_len++] = anchor;
}

void compile_identify(struct compiler *compiler, uint32_t node)
{
    json_t *source = compiler->places[node].source;
    json_t *dialect = json_object_get(source, "$schema"), *id = json_object_get(source, "$id");
    json_t *anchor = json_object_get(source, "$anchor");
    json_t *dynamic_anchor = json_object_get(source, "$dynamicAnchor");
    if (id)
        read_id(compiler, node, id);
    if (dialect && compiler->resources[compiler->places[node].resource].root == source)
        read_dialect(compiler, node, dialect);
    if (anchor)
        read_anchor(compiler, node, "$anchor", anchor);
    if (dynamic_anchor)
        read_anchor(compiler, node, "$dynamicAnchor", dynamic_anchor);
}

void compile_identify_dynamic(struct compiler *compiler)
{
    struct schema *schema = compiler->schema;
    struct dynamic_anchor *anchors =
        compile_alloc(compiler, (compiler->anchors_len + 1) * sizeof *anchors);
    schema->resources =
        compile_alloc(compiler, compiler->resources_len * sizeof *schema->resources);
    if (!anchors || !schema->resources)
        return;
    schema->resources_len = (uint32_t)compiler->resources_len;
    for (uint32_t r = 0; r < schema->resources_len; r++) {
        struct resource *resource = &schema->resources[r];
        resource->dynamic_anchors = anchors;
        for (size_t i = 0; i < compiler->anchors_len; i++)
            if (compiler->anchors[i].resource == r && compiler->anchors[i].number != NODE_NONE)
                anchors[resource->dynamic_anchors_len++] = (struct dynamic_anchor){
                    .name = compiler->anchors[i].number, .node = compiler->anchors[i].node};
        anchors += resource->dynamic_anchors_len;
    }
}
