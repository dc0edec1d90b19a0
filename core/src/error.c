#include "trapheus/error.h"

static const struct {
    const char *name, *text;
} rows[] = {
#define TPH_STATUS_ROW(name, text) {#name, text},
    TPH_STATUS_MAP(TPH_STATUS_ROW)
#undef TPH_STATUS_ROW
};

const char *tph_status_name(enum tph_status status) {
    return (unsigned)status < TPH_STATUS_COUNT ? rows[status].name : "UNKNOWN";
}

const char *tph_status_text(enum tph_status status) {
    return (unsigned)status < TPH_STATUS_COUNT ? rows[status].text : "unknown status";
}
