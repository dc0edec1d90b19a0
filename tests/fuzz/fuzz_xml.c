/* Any bytes are a document that hangs together, or an error that leaves nothing. */
#include "trapheus/xml.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(bool holds) {
    if (!holds) abort();
}

static void check(const struct tph_xml *xml) {
    require(xml->node_count > 0 && xml->nodes[0].end == xml->node_count);
    for (size_t i = 0; i < xml->node_count; i++) {
        const struct tph_xml_node *node = &xml->nodes[i];
        require(node->end > i && node->end <= xml->node_count);
        require(node->first_attribute + node->attribute_count <= xml->attribute_count);
        struct tph_str text = tph_xml_text(xml, node->text);
        require(text.length_bytes == 0 || memchr(text.data, '\xff', text.length_bytes) == NULL);
        require(node->name < xml->name_count && tph_xml_name(xml, node).length_bytes > 0);
    }
}

/* A shape that takes what the parsed document is: only some of its names, lists in lists */
static void read_by_a_shape(struct tph_str bytes) {
    static uint16_t slots[4];
    static struct tph_xml_member inner = {.tag = {"a", 1}};
    static struct tph_xml_shape shape = {&inner, 1, false, 4, slots};
    static struct tph_xml_member root = {.shape = &shape};
    static const struct tph_xml_shape document = {&root, 1, true, 4, slots};
    struct tph_xml xml, parsed;
    inner.shape = &shape;
    tph_xml_shape_index(&shape);
    tph_xml_init(&xml);
    tph_xml_init(&parsed);
    enum tph_status status = tph_xml_read(&xml, bytes, &document);
    if (tph_xml_parse(&parsed, bytes) == TPH_OK) require(status == TPH_OK && xml.node_count > 0);
    for (size_t i = 0; i < xml.node_count; i++)
        require(xml.nodes[i].end > i && xml.nodes[i].end <= xml.node_count);
    tph_xml_deinit(&xml);
    tph_xml_deinit(&parsed);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
    struct tph_xml xml, empty;
    tph_xml_init(&xml);
    tph_xml_init(&empty);
    if (tph_xml_parse(&xml, (struct tph_str){(const char *)data, size}) == TPH_OK)
        check(&xml);
    else
        require(memcmp(&xml, &empty, sizeof xml) == 0);
    tph_xml_deinit(&xml);
    read_by_a_shape((struct tph_str){(const char *)data, size});
    return 0;
}
