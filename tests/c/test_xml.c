#include "unit.h"
#include "trapheus/xml.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct tph_xml xml;

static int setup(void **state) {
    tph_xml_init(&xml);
    return 0;
}

static int teardown(void **state) {
    tph_xml_deinit(&xml);
    return 0;
}

static void assert_span(struct tph_xml_span span, const char *expected) {
    assert_true(tph_str_equal(tph_xml_text(&xml, span), tph_str_from(expected)));
}

static void assert_name(size_t i, const char *expected) {
    assert_true(tph_str_equal(tph_xml_name(&xml, &xml.nodes[i]), tph_str_from(expected)));
}

static enum tph_status parse(const char *text) { return tph_xml_parse(&xml, tph_str_from(text)); }

static void gives_elements_in_document_order(void **state) {
    assert_int_equal(
        parse("<?xml version='1.0'?><!-- c --><r xmlns='u' x:y='&lt;1'> <n:a>1&amp;<![CDATA[<2]]>"
              "</n:a>\n<b><c/></b> </r>"),
        TPH_OK);
    static const struct {
        const char *name, *text;
        uint32_t end, attribute_count;
        bool has_text;
    } rows[] = {{"r", "", 4, 2, false},
                {"a", "1&<2", 2, 0, true},
                {"b", "", 4, 0, false},
                {"c", "", 4, 0, true}};
    assert_int_equal(xml.node_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_name(i, rows[i].name);
        assert_span(xml.nodes[i].text, rows[i].text);
        assert_int_equal(xml.nodes[i].end, rows[i].end);
        assert_int_equal(xml.nodes[i].attribute_count, rows[i].attribute_count);
        assert_int_equal(xml.nodes[i].has_text, rows[i].has_text);
    }
    assert_span(xml.attributes[0].name, "xmlns");
    assert_span(xml.attributes[1].name, "x:y");
    assert_span(xml.attributes[1].value, "<1");
}

static void joins_the_text_around_children(void **state) {
    assert_int_equal(parse("<r>a<b>in<c>deep</c>ner</b>z<d> </d></r>"), TPH_OK);
    static const char *const texts[] = {"az", "inner", "deep", " "};
    for (size_t i = 0; i < 4; i++) assert_span(xml.nodes[i].text, texts[i]);
}

static void a_cut_document_is_malformed_wherever_it_is_cut(void **state) {
    static const char text[] = "<r a='1'><b>text&amp;</b><c/></r>";
    for (size_t length = 0; length < sizeof text - 1; length++) {
        assert_int_equal(tph_xml_parse(&xml, (struct tph_str){text, length}), TPH_EPARSE);
        assert_null(xml.nodes);
    }
    assert_int_equal(parse(text), TPH_OK);
}

static void refuses_what_is_not_well_formed(void **state) {
    static const char *const bad[] = {"plain",
                                      "<a></b>",
                                      "<a/><b/>",
                                      "<a>&undefined;</a>",
                                      "<a b='1' b='2'/>",
                                      "<a>\x01</a>",
                                      "<a>\xff</a>",
                                      "{\"json\": 1}",
                                      "<?xml version='1.0' encoding='none'?><a/>"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(parse(bad[i]), TPH_EPARSE);
    assert_int_equal(tph_xml_parse(&xml, TPH_STR("<a>\0</a>")), TPH_EPARSE);
}

static void refuses_a_doctype_before_it_is_read(void **state) {
    assert_int_equal(parse("<!DOCTYPE a><a/>"), TPH_EREFUSED);
    assert_int_equal(parse("<!DOCTYPE a [<!ENTITY x 'y'><!ENTITY z '&x;&x;'>]><a>&z;</a>"),
                     TPH_EREFUSED);
    assert_int_equal(parse("<!DOCTYPE a SYSTEM 'file:///etc/hostname'><a/>"), TPH_EREFUSED);
}

/* A document of `count` times `part`, between `before` and `after`. */
static enum tph_status parse_repeated(const char *before, const char *part, size_t count,
                                      const char *after) {
    struct tph_buf text;
    tph_buf_init(&text, 2 * TPH_XML_MAX_BYTES);
    assert_int_equal(tph_buf_append(&text, tph_str_from(before)), TPH_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(tph_buf_append(&text, tph_str_from(part)), TPH_OK);
    assert_int_equal(tph_buf_append(&text, tph_str_from(after)), TPH_OK);
    tph_xml_deinit(&xml);
    enum tph_status status = tph_xml_parse(&xml, tph_buf_view(&text));
    tph_buf_deinit(&text);
    return status;
}

static const char chunk[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static void keeps_to_its_limits(void **state) {
    static const size_t parts = TPH_XML_MAX_TEXT_BYTES / (sizeof chunk - 1);
    assert_int_equal(parse_repeated("<a>", chunk, parts, "</a>"), TPH_OK);
    assert_int_equal(parse_repeated("<a>", chunk, parts, "+</a>"), TPH_ETOOBIG);
    assert_int_equal(parse_repeated("<a>", chunk, parts, "<b/>+</a>"), TPH_ETOOBIG);
    assert_int_equal(parse_repeated("<a b='", chunk, parts, "'/>"), TPH_OK);
    assert_int_equal(parse_repeated("<a b='", chunk, parts, "+'/>"), TPH_ETOOBIG);
    assert_int_equal(parse_repeated("<a>", "<b></b>", TPH_XML_MAX_NODES - 1, "</a>"), TPH_OK);
    assert_int_equal(parse_repeated("<a>", "<b></b>", TPH_XML_MAX_NODES, "</a>"), TPH_ETOOBIG);
    assert_int_equal(parse_repeated("<a>", " ", TPH_XML_MAX_BYTES, "</a>"), TPH_ETOOBIG);
}

static void keeps_to_its_depth_and_attributes(void **state) {
    char text[33 * 8], attributes[256] = "<a";
    for (size_t depth = 31; depth <= 33; depth++) {
        text[0] = '\0';
        for (size_t i = 0; i < depth; i++) strcat(text, "<a>");
        for (size_t i = 0; i < depth; i++) strcat(text, "</a>");
        assert_int_equal(parse_repeated(text, "", 0, ""), depth <= 32 ? TPH_OK : TPH_ETOOBIG);
    }
    for (int i = 0; i < 17; i++) {
        snprintf(attributes + strlen(attributes), 16, " a%d='%d'", i, i);
        enum tph_status status = parse_repeated(attributes, "", 0, "/>");
        assert_int_equal(status, i < 16 ? TPH_OK : TPH_ETOOBIG);
    }
}

/* <R id=…><Name/><L><E/>…</L></R> */
static const struct tph_xml_shape *known_shape(void) {
    static uint16_t slots[4][8];
    static struct tph_xml_member item = {.tag = {"E", 1}}, document, parts[4];
    static struct tph_xml_shape list = {&item, 1, true, 4, slots[0]};
    static struct tph_xml_shape root = {parts, 3, false, 8, slots[1]};
    static struct tph_xml_shape around = {&document, 1, false, 4, slots[2]};
    parts[0] = (struct tph_xml_member){.tag = TPH_STR("Name")};
    parts[1] = (struct tph_xml_member){.tag = TPH_STR("L"), .shape = &list};
    parts[2] = (struct tph_xml_member){.tag = TPH_STR("x:id"), .is_attribute = true};
    document = (struct tph_xml_member){.tag = TPH_STR("R"), .shape = &root};
    tph_xml_shape_index(&root);
    tph_xml_shape_index(&around);
    return &around;
}

static void reads_what_a_shape_has(void **state) {
    static const char text[] =
        "<R x:id='7' Name='no'> <Other><Name>no</Name></Other><p:L>\n<E>1</E>"
        "<Any>2&amp;3</Any></p:L><id>no</id><Name>n<b>o</b>m</Name> </R>";
    static const struct {
        const char *tag, *text;
        uint32_t end;
    } rows[] = {{"R", "", 6},  {"x:id", "7", 2}, {"L", "", 5},
                {"E", "1", 4}, {"E", "2&3", 5},  {"Name", "nm", 6}};
    assert_int_equal(tph_xml_read(&xml, tph_str_from(text), known_shape()), TPH_OK);
    assert_int_equal(xml.node_count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_true(tph_str_equal(xml.nodes[i].member->tag, tph_str_from(rows[i].tag)));
        assert_span(xml.nodes[i].text, rows[i].text);
        assert_int_equal(xml.nodes[i].end, rows[i].end);
    }
}

static void reads_nothing_of_another_document_which_must_be_one(void **state) {
    assert_int_equal(tph_xml_read(&xml, TPH_STR("<S><Name/></S>"), known_shape()), TPH_OK);
    assert_int_equal(xml.node_count, 0);
    assert_int_equal(tph_xml_read(&xml, TPH_STR("<R><S></R>"), known_shape()), TPH_EPARSE);
}

static void reads_a_recorded_reply(void **state) {
    FILE *file = fopen(TEST_DATA "/protocols/responses/rds-describe-db-snapshots.xml", "rb");
    char *text = calloc(1, 1 << 16);
    assert_non_null(file);
    size_t length = fread(text, 1, 1 << 16, file);
    fclose(file);
    assert_int_equal(tph_xml_parse(&xml, (struct tph_str){text, length}), TPH_OK);
    free(text);
    assert_name(0, "DescribeDBSnapshotsResponse");
    assert_int_equal(xml.nodes[0].end, xml.node_count);
}

static void escapes_a_text_or_leaves_what_was_there(void **state) {
    struct tph_buf out;
    tph_buf_init(&out, 40);
    assert_int_equal(tph_xml_escape(TPH_STR(""), &out), TPH_OK);
    assert_int_equal(out.length_bytes, 0);
    assert_int_equal(tph_xml_escape(TPH_STR("\xc3\xa9 '\n"), &out), TPH_OK);
    assert_int_equal(tph_xml_escape(TPH_STR("<&>\"\r;"), &out), TPH_OK);
    assert_int_equal(tph_xml_escape(TPH_STR("too long &&"), &out), TPH_ETOOBIG);
    assert_string_equal(out.data, "\xc3\xa9 '\n&lt;&amp;&gt;&quot;&#13;;");
    tph_buf_deinit(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_elements_in_document_order, setup, teardown),
        cmocka_unit_test_setup_teardown(joins_the_text_around_children, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cut_document_is_malformed_wherever_it_is_cut, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refuses_what_is_not_well_formed, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_a_doctype_before_it_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_to_its_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_to_its_depth_and_attributes, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_what_a_shape_has, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_nothing_of_another_document_which_must_be_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(reads_a_recorded_reply, setup, teardown),
        cmocka_unit_test(escapes_a_text_or_leaves_what_was_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
