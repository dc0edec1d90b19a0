#include "trapheus/timestamp.h"
#include <string.h>

/* What is left of a text. Each of the functions below takes what it says off its front, if that is
 * there. */

static bool take_char(struct tph_str *rest, char c) {
    if (rest->length_bytes == 0 || *rest->data != c) return false;
    rest->data++, rest->length_bytes--;
    return true;
}

static bool next_is_digit(const struct tph_str *rest) {
    return rest->length_bytes > 0 && *rest->data >= '0' && *rest->data <= '9';
}

/* Digits: as many as `least` and at most `most`. */
static bool take_digits(struct tph_str *rest, size_t least, size_t most, double *number) {
    size_t count = 0;
    for (*number = 0; count < most && next_is_digit(rest); count++) {
        *number = *number * 10 + (*rest->data - '0');
        rest->data++, rest->length_bytes--;
    }
    return count >= least;
}

/* The text "4-2" takes four digits, a dash and two digits. */
static bool take(struct tph_str *rest, const char *shape, double *numbers) {
    for (; *shape; shape++) {
        size_t count = (size_t)(*shape - '0');
        if (count > 9 ? !take_char(rest, *shape) : !take_digits(rest, count, count, numbers++))
            return false;
    }
    return true;
}

/* The digits after the point; those beyond a double's precision do not count. */
static double take_fraction(struct tph_str *rest) {
    double digits = 0, scale = 1;
    for (; next_is_digit(rest); rest->data++, rest->length_bytes--) {
        if (scale >= 1e15) continue;
        digits = digits * 10 + (*rest->data - '0');
        scale *= 10;
    }
    return digits / scale;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar: years begin in March, so that leap days
 * come last. */
static int days(int year, int month, int day) {
    year += 400; /* a whole cycle, so that nothing is divided below zero */
    if (month <= 2) year--, month += 12;
    int leap_days = year / 4 - year / 100 + year / 400;
    return 365 * year + leap_days + (153 * (month - 3) + 2) / 5 + day - 865566;
}

/* Year, month, day, hour, minute, second of a zone that is `offset_s` ahead, and a fraction */
static bool epoch(const double date[6], double offset_s, double fraction, double *seconds) {
    bool in_range = date[1] >= 1 && date[1] <= 12 && date[2] >= 1 && date[2] <= 31 &&
                    date[3] <= 24 && date[4] < 60 && date[5] <= 60;
    if (!in_range) return false;
    double whole_days = days((int)date[0], (int)date[1], (int)date[2]);
    *seconds = whole_days * 86400 + date[3] * 3600 + date[4] * 60 + date[5] - offset_s + fraction;
    return true;
}

/* "Z", nothing, "+0100" or "+01:00" */
static bool take_zone(struct tph_str *rest, double *offset_s) {
    double parts[2] = {0, 0};
    bool west = take_char(rest, '-');
    *offset_s = 0;
    if (!west && !take_char(rest, '+')) return take_char(rest, 'Z') || rest->length_bytes == 0;
    if (!take_digits(rest, 2, 2, &parts[0])) return false;
    take_char(rest, ':');
    if (!take_digits(rest, 2, 2, &parts[1])) return false;
    *offset_s = (west ? -1 : 1) * (parts[0] * 3600 + parts[1] * 60);
    return true;
}

static bool parse_iso8601(struct tph_str text, double *seconds) {
    double date[6], fraction = 0, offset_s;
    if (!take(&text, "4-2-2T2:2:2", date)) return false;
    if (take_char(&text, '.')) {
        if (!next_is_digit(&text)) return false;
        fraction = take_fraction(&text);
    }
    return take_zone(&text, &offset_s) && text.length_bytes == 0 &&
           epoch(date, offset_s, fraction, seconds);
}

static bool take_letters(struct tph_str *rest) {
    const char *start = rest->data;
    while (rest->length_bytes && ((*rest->data | 0x20) >= 'a' && (*rest->data | 0x20) <= 'z'))
        rest->data++, rest->length_bytes--;
    return rest->data > start;
}

static bool take_month(struct tph_str *rest, double *month) {
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (rest->length_bytes < 3) return false;
    for (size_t i = 0; i < 12; i++) {
        if (memcmp(names + 3 * i, rest->data, 3) != 0) continue;
        rest->data += 3, rest->length_bytes -= 3;
        *month = (double)i + 1;
        return true;
    }
    return false;
}

static bool parse_rfc822(struct tph_str text, double *seconds) {
    double date[6], fraction = 0;
    bool taken = take_letters(&text) && take(&text, ", ", NULL) &&
                 take_digits(&text, 1, 2, &date[2]) && take_char(&text, ' ') &&
                 take_month(&text, &date[1]) && take(&text, " 4 ", &date[0]) &&
                 take(&text, "2:2:2", &date[3]);
    if (taken && take_char(&text, '.')) fraction = take_fraction(&text);
    return taken && tph_str_equal(text, TPH_STR(" GMT")) && epoch(date, 0, fraction, seconds);
}

static bool parse_seconds(struct tph_str text, double *seconds) {
    bool negative = take_char(&text, '-');
    double fraction = 0;
    if (!take_digits(&text, 1, text.length_bytes, seconds)) return false;
    if (take_char(&text, '.')) fraction = take_fraction(&text);
    *seconds = (negative ? -1 : 1) * (*seconds + fraction);
    return text.length_bytes == 0;
}

enum tph_status tph_timestamp_parse(struct tph_str text, double *seconds) {
    double parsed = 0;
    bool known =
        parse_iso8601(text, &parsed) || parse_rfc822(text, &parsed) || parse_seconds(text, &parsed);
    if (!known) return TPH_EPARSE;
    *seconds = parsed;
    return TPH_OK;
}
