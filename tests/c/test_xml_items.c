#include "unit.h"
#include "trapheus/xml_items.h"
#include <string.h>

#define ITEM(name, more) "<Thing><Name>" name "</Name>" more "</Thing>"

static struct tph_xml_items items_of(const char *document) {
    struct tph_xml_items items;
    assert_int_equal(tph_xml_items_init(&items, tph_str_from(document), TPH_STR("Things")), TPH_OK);
    return items;
}

static enum tph_status next(struct tph_xml_items *items, struct tph_xml_item *item) {
    return tph_xml_items_next(items, TPH_STR("Name"), TPH_STR("Now"), item);
}

static void finds_each_item_and_what_it_is_called(void **state) {
    struct tph_xml_items items =
        items_of("<R><Things>\n " ITEM("a", "") "\t" ITEM("bc", "<Name>z</Name>") "</Things></R>");
    struct tph_xml_item item;
    assert_int_equal(next(&items, &item), TPH_OK);
    assert_true(tph_str_equal(item.bytes, TPH_STR(ITEM("a", ""))));
    assert_true(tph_str_equal(item.value, TPH_STR("a")));
    assert_int_equal(next(&items, &item), TPH_OK);
    assert_true(tph_str_equal(item.value, TPH_STR("bc")));
    assert_int_equal(next(&items, &item), TPH_PENDING);
    assert_int_equal(next(&items, &item), TPH_PENDING);
    assert_true(strncmp(items.document.data + items.begin, "\n <Thing>", 9) == 0);
    assert_true(strncmp(items.document.data + items.end, "</Things>", 9) == 0);
}

static uint64_t print_of(const char *document) {
    struct tph_xml_items items = items_of(document);
    struct tph_xml_item item;
    assert_int_equal(next(&items, &item), TPH_OK);
    return item.print;
}

static void tells_equal_items_from_others(void **state) {
    uint64_t print = print_of("<Things>" ITEM("a", "<Now>1</Now><State>x</State>") "</Things>");
    assert_true(print ==
                print_of("<Things> " ITEM("a", "<Now>22</Now><State>x</State>") " </Things>"));
    assert_true(print !=
                print_of("<Things>" ITEM("a", "<Now>1</Now><State>y</State>") "</Things>"));
    assert_true(print !=
                print_of("<Things>" ITEM("b", "<Now>1</Now><State>x</State>") "</Things>"));
    assert_true(print != print_of("<Things>" ITEM("a", "<State>x</State>") "</Things>"));
}

/* Every byte counts, wherever it stands in a word. */
static void each_byte_counts(void **state) {
    char document[] = "<Things><Thing>0123456789abcdef0123456</Thing></Things>";
    uint64_t print = print_of(document);
    for (char *at = strchr(document, '0'); *at != '<'; at++) {
        char before = *at;
        *at ^= 1;
        assert_true(print_of(document) != print);
        *at = before;
    }
    assert_true(print_of(document) == print);
}

static void refuses_what_aws_does_not_write(void **state) {
    static const char *const documents[] = {
        "<Things><Thing x=\"y\"></Thing></Things>",
        "<Things><!-- --><Thing></Thing></Things>",
        "<Things>text</Things>",
        "<Things><Thing></Things>",
        "<Things><Thing>",
        "<Things><",
        "<Things/>",
        "<Thingss></Thingss>",
        "</Things>",
        "",
    };
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        struct tph_xml_items items;
        struct tph_xml_item item;
        enum tph_status status =
            tph_xml_items_init(&items, tph_str_from(documents[i]), TPH_STR("Things"));
        if (status == TPH_OK) status = next(&items, &item);
        assert_int_equal(status, TPH_EPARSE);
    }
}

static void has_no_value_of_a_field_that_is_not_there(void **state) {
    struct tph_xml_items items = items_of("<Things><Thing><Name/></Thing></Things>");
    struct tph_xml_item item;
    assert_int_equal(next(&items, &item), TPH_OK);
    assert_int_equal(item.value.length_bytes, 0);
    assert_int_equal(tph_xml_items_next(&items, TPH_STR("Name"), TPH_STR(""), &item), TPH_PENDING);
}

static void takes_nothing_between_two_lists_for_an_item(void **state) {
    struct tph_xml_items items = items_of("<Things><Thing></Thing></Things><Things></Things>");
    struct tph_xml_item item;
    assert_int_equal(next(&items, &item), TPH_OK);
    assert_int_equal(next(&items, &item), TPH_EPARSE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_nothing_between_two_lists_for_an_item),
        cmocka_unit_test(finds_each_item_and_what_it_is_called),
        cmocka_unit_test(tells_equal_items_from_others),
        cmocka_unit_test(each_byte_counts),
        cmocka_unit_test(refuses_what_aws_does_not_write),
        cmocka_unit_test(has_no_value_of_a_field_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
