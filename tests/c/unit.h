/* unit.h - what every C test starts with; cmocka wants these headers in this order. */
#ifndef TRAPHEUS_TEST_UNIT_H
#define TRAPHEUS_TEST_UNIT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#endif
