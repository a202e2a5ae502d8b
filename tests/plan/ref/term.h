// PLAN once more, slow and plain: terms, their evaluation, order and hash, written from spec/plan.md
// and sharing no code with the machine. Tests compare the two.
//
// A Term is a nat, pin, law or app, and nothing else is a value: rows, cows, bars, sets and tabs are
// only recognised, where hashing needs them. Besides there are what evaluation has yet to do (CALL,
// SUSP) and what it left (HOLE while computing, IND after). Values are never changed.
//
// Terms belong to a World and die with it. These functions may recurse: test terms are shallow, and
// evaluation gives up (TERM_BUDGET) at a depth that the C stack bears.
#pragma once
#include "common/base/arena.h"
#include "common/base/buf.h"
#include <gmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Term Term;
typedef struct TermEnv TermEnv;

typedef enum TermKind {
  TERM_NAT,
  TERM_PIN,
  TERM_LAW,
  TERM_APP, // undersaturated: data
  TERM_CALL,
  TERM_SUSP,
  TERM_HOLE,
  TERM_IND,
} TermKind;

struct Term {
  TermKind kind;
  bool normal;   // in normal form, for sure
  bool forcing;  // its parts are being forced
  uint32_t id;   // unique in the world
  uint64_t left; // app: arguments still missing, clamped
  union {
    mpz_t nat;
    Term *sub[3]; // pin: item; law: name, arity, body; app, call: f, x; ind: value
    struct {
      TermEnv *env;
      Term *expr;
    } susp;
  };
};

typedef struct World {
  Arena arena;
  Term **nats; // to be cleared
  size_t nat_count, nat_cap;
  uint32_t ids;
} World;

void world_free(World *w); // a zeroed World is empty

Term *term_nat(World *w, uint64_t n);
Term *term_nat_mpz(World *w, const mpz_t n);
Term *term_text(World *w, const char *text);
Term *term_pin(World *w, Term *item);
Term *term_law(World *w, Term *name, Term *arity, Term *body);
Term *term_app(World *w, Term *f, Term *x); // A(f) > 1
Term *term_apps(World *w, Term *f, Term *const *args, size_t n);
Term *term_call(World *w, Term *f, Term *x);
Term *term_calls(World *w, Term *f, Term *const *args, size_t n); // calls where saturated or lazy, else apps

// Data jets, spelt out.
Term *term_cow(World *w, uint64_t n); // n = 0: the empty row
Term *term_row(World *w, Term *const *elems, size_t n);
Term *term_bar(World *w, const void *bytes, size_t n);
Term *term_set(World *w, Term *keys_row);
Term *term_tab(World *w, Term *keys_row, Term *vals_row);

Term *term_follow(Term *t); // past INDs
bool term_is_value(const Term *t);
bool term_is_nat(const Term *t, uint64_t n);
uint64_t term_arity(const Term *t); // A(t) of a value, clamped to TERM_ARITY_MAX
#define TERM_ARITY_MAX (1ULL << 62)

// A copy for evaluation: calls are copied (sharing kept), values are not.
Term *term_copy(World *w, Term *t);

// `(f x)`, `{n a b}`, `<i>`, decimal nats; stops with "..." after about `max` bytes.
void term_show(Buf *out, Term *t, size_t max);

// --- evaluation ----------------------------------------------------------------------------------
typedef enum TermOutcome { TERM_VALUE, TERM_CRASH, TERM_LOOP, TERM_BUDGET } TermOutcome;

typedef struct TermResult {
  TermOutcome outcome;
  Term *value;    // in normal form if that was asked for
  Term *op, *arg; // of a crash
  uint64_t steps;
} TermResult;

// Evaluates t in place, to normal form or weak head normal form, in at most `budget` steps.
TermResult term_eval(World *w, Term *t, bool normal, uint64_t budget);

// The library's law of comparison on terms that may be lazy: 0, 1 or 2, or what evaluation met on the way.
TermResult term_eval_cmp(World *w, Term *a, Term *b, uint64_t budget);

// --- order and hash, of values in normal form --------------------------------------------------------
// Both by the definition; false: more than `budget` steps.
bool term_cmp(Term *a, Term *b, uint64_t budget, int *order);
bool term_hash(Term *t, uint64_t budget, uint8_t out[32]);

// The number of paths in t, cut off at `most`.
uint64_t term_size(Term *t, uint64_t most);
