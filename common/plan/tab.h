// Tabs by key. The row of values mostly has the shape of the row of keys, for both are changed alike: so the
// path found among the keys leads to the value, too.
//
// Keys come in normal form. Everything is charged; false: m->stop is set.
#pragma once
#include "common/plan/row.h"

// The value, possibly lazy, of the key that set_search led to.
Value tab_value_at(Value tab, const RopePath *to_key);

// The tab in which the key has this value, or, val being NULL, none. All are rooted.
bool tab_change(Machine *m, const Value *tab, const Value *key, const Value *val, Value *out);
