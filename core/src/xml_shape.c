#include "xml_shape.h"
#include <string.h>

/* Of its beginning, its middle and its end: names are many, and looked at eight bytes at a time. */
size_t tph_xml_hash(struct tph_str name) {
    uint64_t parts[3] = {0};
    size_t length = name.length_bytes, part_bytes = length < 8 ? length : 8;
    memcpy(&parts[0], name.data, part_bytes);
    memcpy(&parts[1], name.data + (length - part_bytes) / 2, part_bytes);
    memcpy(&parts[2], name.data + length - part_bytes, part_bytes);
    uint64_t mixed = (parts[0] * 31 + parts[1]) * 31 + parts[2] + length;
    return (size_t)((mixed * 0x9E3779B97F4A7C15U) >> 32);
}

/* A power of two, at least half of which stay empty */
uint32_t tph_xml_slot_count(uint32_t member_count) {
    uint32_t count = 4;
    while (count < 2 * member_count) count *= 2;
    return count;
}

void tph_xml_shape_index(struct tph_xml_shape *shape) {
    size_t mask = shape->slot_count - 1;
    memset(shape->slots, 0, shape->slot_count * sizeof *shape->slots);
    for (size_t i = 0; i < shape->member_count; i++) {
        size_t at = tph_xml_hash(shape->members[i].tag);
        while (shape->slots[at & mask]) at++;
        shape->slots[at & mask] = (uint16_t)(i + 1);
    }
}

const struct tph_xml_member *tph_xml_find(const struct tph_xml_shape *shape, struct tph_str tag,
                                          bool is_attribute) {
    size_t mask = shape->slot_count - 1;
    if (shape->any_tag) return is_attribute ? NULL : shape->members;
    for (size_t at = tph_xml_hash(tag); shape->slots[at & mask]; at++) {
        const struct tph_xml_member *member = &shape->members[shape->slots[at & mask] - 1];
        if (member->is_attribute == is_attribute && tph_str_equal(member->tag, tag)) return member;
    }
    return NULL;
}
