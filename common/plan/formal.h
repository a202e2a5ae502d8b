// Data jets taken apart: every evaluated value as the nat, pin, law or app that it stands for.
#pragma once
#include "common/plan/heap.h"
#include "common/plan/plan.h"

PlanForm formal_kind(Value v);

// Of a value whose form is a law: its parts. May allocate; v is protected.
Value formal_law_name(Value v);
Value formal_law_arity(Machine *m, Value v);
Value formal_law_body(Machine *m, Value v);

// Of a value whose form is an app (f x). formal_fun allocates (work and memory grow with the number of
// arguments that stay in f); formal_arg does not, and may be lazy.
Value formal_fun(Machine *m, Value v);
Value formal_arg(Value v);
