// Jets of sire_10_str.
#include "common/plan/jets.h"

static const JetDef str[] = {
    JET("isDigit", 1, 0, "", NULL, "A55EjKavUf9P9wSg7np7yqng75XWmcSURmmbAAaLTnBN"),
    JET("implode", 1, 0, "", NULL, "5WGW3TBZshBZvnnYcePG9mHFuSvEYwYck9PMkPnq72wY"),
};

const JetGroup jets_str = JET_GROUP("str", str);
