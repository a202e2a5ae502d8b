// PLAN values for C code outside the machine: construction and inspection through handles.
//
// A Ref names a slot that the collector keeps up to date, so values may be held across anything.
// Refs are released in scopes: take a mark, work, release back to the mark (refs made since are gone;
// refs_keep moves one value out). Functions returning Ref make a new one in the current scope.
// Functions that take an *evaluated* value assert that it is not lazy: plan_whnf it first.
#pragma once
#include "common/plan/machine.h"

typedef uint32_t RefMark;
RefMark refs_mark(Machine *m);
void refs_release(Machine *m, RefMark mark);
Ref refs_keep(Machine *m, RefMark mark, Ref keep); // releases to mark, returns keep's value as a new Ref
Ref ref_new(Machine *m, Value v);
Ref ref_dup(Machine *m, Ref r);
Value ref_get(const Machine *m, Ref r);
void ref_set(Machine *m, Ref r, Value v);
void ref_copy(Machine *m, Ref dst, Ref src);

// --- construction ------------------------------------------------------------------------------
Ref plan_nat(Machine *m, uint64_t n);
Ref plan_nat_bytes(Machine *m, const void *le, size_t n);       // little-endian; text is a nat this way
Ref plan_nat_decimal(Machine *m, const char *digits, size_t n); // digits only
Ref plan_bar(Machine *m, const void *bytes, size_t n);
Ref plan_row(Machine *m, const Ref *elems, size_t n); // by index
Ref plan_pin(Machine *m, Ref item);                   // item in normal form
Ref plan_law(Machine *m, Ref name, Ref arity,
             Ref body); // nats name and arity > 0; body in normal form.
                        // Recognises data jets: the result may be a row, cow, bar, set
Ref plan_apply(Machine *m, Ref f, const Ref *args, size_t n); // f evaluated: data when undersaturated, else a
                                                              // suspended call; f lazy: a suspended call
Ref plan_tab_empty(Machine *m);
Ref plan_set(Machine *m, const Ref *keys, size_t n); // any order, duplicates merge; keys in normal form

// --- inspection: of evaluated values -----------------------------------------------------------
bool plan_is_lazy(const Machine *m, Ref r); // after following indirections
Kind plan_kind(const Machine *m,
               Ref r); // KIND_NAT .. KIND_TAB; an app of a set to a fitting evaluated row shows as TAB

bool plan_nat_u64(const Machine *m, Ref r, uint64_t *out);        // false: not a nat, or too big
size_t plan_nat_size(const Machine *m, Ref r);                    // bytes, without leading zeros; 0 for 0
void plan_nat_copy(const Machine *m, Ref r, void *out, size_t n); // low n bytes, zero extended
bool plan_nat_is_text(const Machine *m, Ref r, const char *text); // equal to the nat of that text
char *plan_nat_decimal_str(const Machine *m, Ref r);              // mem_free

size_t plan_bar_len(const Machine *m, Ref r);
// In one piece, which the handle keeps; until the next call that may allocate. NULL: it is in pieces, and
// would be over the memory limit in one.
const uint8_t *plan_bar_bytes(Machine *m, Ref r);
void plan_bar_copy(const Machine *m, Ref r, size_t from, size_t n, void *out);

size_t plan_len(const Machine *m, Ref r); // row: elements; set, tab: keys
Ref plan_row_get(Machine *m, Ref r, size_t i);
Ref plan_key(Machine *m, Ref r, size_t i); // set, tab: i-th key
Ref plan_val(Machine *m, Ref r, size_t i); // tab: i-th value

Ref plan_pin_item(Machine *m, Ref r);
bool plan_pin_hash(Machine *m, Ref r,
                   uint8_t out[32]);         // computed once, then kept in the pin; false: limit met
const char *plan_pin_jet(Machine *m, Ref r); // name of the jet it is in this machine's table, or NULL

// Formal view, for any evaluated value: data jets shown as the laws and apps that they stand for.
typedef enum PlanForm { FORM_NAT, FORM_PIN, FORM_LAW, FORM_APP } PlanForm;
PlanForm plan_form(const Machine *m, Ref r);
Ref plan_law_name(Machine *m, Ref r);
Ref plan_law_arity(Machine *m, Ref r);
Ref plan_law_body(Machine *m, Ref r);
Ref plan_app_fun(Machine *m, Ref r); // (f x): f
Ref plan_app_arg(Machine *m, Ref r); // (f x): x
Ref plan_head(Machine *m, Ref r);    // innermost function of the spine
size_t plan_arg_count(const Machine *m, Ref r);
Ref plan_arg(Machine *m, Ref r, size_t i); // i-th argument in order of application, 0-based
Ref plan_arity(Machine *m, Ref r);         // A(x), a nat

// --- tabs and sets, keys in normal form --------------------------------------------------------
bool plan_find(Machine *m, Ref tab_or_set, Ref key, size_t *index); // index of the key, or where it would go
Ref plan_tab_get(Machine *m, Ref tab, Ref key);                     // 0 (no handle) when absent
Ref plan_tab_put(Machine *m, Ref tab, Ref key, Ref val);
Ref plan_tab_join(Machine *m, Ref tab, Ref more); // all keys of both; a key of both has the value in `more`
Ref plan_tab_del(Machine *m, Ref tab, Ref key);

// --- whole values, in normal form --------------------------------------------------------------
// A limit met in the middle (the work is charged; see machine_set_limits) makes them return false.
bool plan_cmp(Machine *m, Ref a, Ref b, int *order); // -1 0 1, the total order
bool plan_eq(Machine *m, Ref a, Ref b, bool *equal);
bool plan_hash(Machine *m, Ref v, uint8_t out[32]); // the value hash: that of a pin holding it
