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

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
    struct tph_xml xml, empty;
    tph_xml_init(&xml);
    tph_xml_init(&empty);
    if (tph_xml_parse(&xml, (struct tph_str){(const char *)data, size}) == TPH_OK)
        check(&xml);
    else
        require(memcmp(&xml, &empty, sizeof xml) == 0);
    tph_xml_deinit(&xml);
    return 0;
}
