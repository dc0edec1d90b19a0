#include "unit.h"
#include "trapheus/address.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static bool is_public(const char *text) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return tph_address_is_public((struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return tph_address_is_public((struct sockaddr *)&v6);
}

static void expect(bool expected, const char *const *texts) {
    for (; *texts; texts++)
        if (is_public(*texts) != expected) fail_msg("%s", *texts);
}

static void public_addresses_are_let_through(void **state) {
    static const char *const texts[] = {"1.1.1.1",        "9.255.255.255",
                                        "11.0.0.0",       "100.63.255.255",
                                        "100.128.0.0",    "126.0.0.1",
                                        "169.253.0.1",    "172.15.0.1",
                                        "172.32.0.0",     "192.167.1.1",
                                        "192.169.0.0",    "198.17.0.1",
                                        "198.20.0.0",     "223.255.255.255",
                                        "3.5.140.2",      "2600:1f18::1",
                                        "2a00:1450::1",   "2001:200::1",
                                        "::ffff:8.8.8.8", "64:ff9b::808:808",
                                        "2002:808:808::", NULL};
    expect(true, texts);
}

static void special_addresses_are_not(void **state) {
    static const char *const texts[] = {"0.0.0.0",
                                        "10.1.2.3",
                                        "100.64.0.1",
                                        "127.0.0.1",
                                        "127.255.255.254",
                                        "169.254.169.254",
                                        "172.16.0.1",
                                        "172.31.255.255",
                                        "192.0.0.1",
                                        "192.0.2.1",
                                        "192.88.99.1",
                                        "192.168.1.1",
                                        "198.19.0.1",
                                        "198.51.100.7",
                                        "203.0.113.9",
                                        "224.0.0.1",
                                        "240.0.0.1",
                                        "255.255.255.255",
                                        "::",
                                        "::1",
                                        "fe80::1",
                                        "fec0::1",
                                        "fc00::1",
                                        "fdff::1",
                                        "ff02::1",
                                        "2001:db8::1",
                                        "2001::1",
                                        "3fff::1",
                                        "::ffff:127.0.0.1",
                                        "::ffff:10.0.0.1",
                                        "64:ff9b::a9fe:a9fe",
                                        "2002:a00:1::",
                                        "fd00:ec2::254",
                                        "::7f00:1",
                                        NULL};
    expect(false, texts);
}

static void other_families_are_not(void **state) {
    struct sockaddr local = {.sa_family = AF_UNIX};
    assert_false(tph_address_is_public(&local));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_addresses_are_let_through),
        cmocka_unit_test(special_addresses_are_not),
        cmocka_unit_test(other_families_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
