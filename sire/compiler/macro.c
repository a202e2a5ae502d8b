#include "sire/compiler/macro.h"
#include "sire/compiler/report.h"

enum { ANSWER_FORM = 0, ANSWER_STATE = 1, ANSWER_TAG = 2, ANSWER_WORDS = 3 };
enum { ANSWER_MESSAGE = 0, ANSWER_PROBLEM = 1 };
enum { TAG_FAILED = 0, TAG_WORKED = 1 };

void macro_init(Sire *s) {
  RefMark mark = refs_mark(s->m);
  Ref zero = plan_nat(s->m, 0), one = plan_nat(s->m, 1);
  Ref row3 = plan_law(s->m, zero, plan_nat(s->m, ANSWER_WORDS + 1), zero);
  ref_copy(s->m, s->failed, plan_apply(s->m, row3, &zero, 1));
  ref_copy(s->m, s->worked, plan_apply(s->m, row3, &one, 1));
  refs_release(s->m, mark);
}

bool macro_find(Sire *s, const char *rune, size_t len, Ref *macro) {
  Ref binding;
  *macro = 0;
  if (!state_find(s, (Name){rune, len}, &binding)) return false;
  if (binding == 0) return true;
  *macro = binding_field(s, binding, BIND_VALUE);
  return *macro != 0 || sire_fail(s, NULL, "what is bound to %.*s is no binding", (int)len, rune);
}

bool macro_again(Sire *s, Tree *form, uint32_t *count) {
  if (++*count <= SIRE_MAX_EXPANSIONS) return true;
  return sire_fail(s, form, "a form that is still a macro call after %d expansions", SIRE_MAX_EXPANSIONS);
}

static Tree *macro_failed(Sire *s, Tree *form, Ref answer) {
  Ref message = plan_row_get(s->m, answer, ANSWER_MESSAGE);
  if (!sire_whnf(s, message, "the message of a macro that failed")) return NULL;
  Ref value = plan_row_get(s->m, answer, ANSWER_PROBLEM);
  bool whole = ref_get(s->m, value) == ref_get(s->m, tree_value(s, form));
  Tree *problem = whole ? form : tree_of_value(s, value);
  if (!tree_open(s, problem) || !tree_open_kids(s, problem)) return NULL;
  if (plan_kind(s->m, message) == KIND_NAT)
    sire_fail(s, problem, "macro failure: %s", name_text(s, name_of_nat(s, message)));
  else
    sire_fail(s, problem, "macro failure, with a message that is not text");
  return NULL;
}

static Tree *bad_answer(Sire *s, const char *why) {
  sire_fail(s, NULL, "the macro's answer is neither (err form message) nor (ok state form): %s", why);
  return NULL;
}

Tree *macro_expand(Sire *s, Ref macro, Tree *form) {
  Expansion *call = arena_alloc(&s->arena, sizeof *call);
  *call = (Expansion){form, NULL, s->chain};
  Ref args[4] = {s->state, tree_value(s, form), s->failed, s->worked};
  Ref answer = plan_apply(s->m, macro, args, 4);
  Outcome o = plan_whnf(s->m, answer);
  if (o != RUN_DONE) {
    sire_fail_run(s, form, o, "the macro %.*s", (int)form->len, form->text);
    return NULL;
  }
  s->chain = call;
  s->at = form;
  if (plan_kind(s->m, answer) != KIND_ROW || plan_len(s->m, answer) != ANSWER_WORDS)
    return bad_answer(s, "no row of three");
  Ref tag = plan_row_get(s->m, answer, ANSWER_TAG);
  uint64_t n;
  if (!sire_whnf(s, tag, "a macro's answer")) return NULL;
  if (plan_kind(s->m, tag) != KIND_NAT || !plan_nat_u64(s->m, tag, &n) || n > TAG_WORKED)
    return bad_answer(s, "its tag is neither 0 nor 1");
  if (n == TAG_FAILED) return macro_failed(s, form, answer);
  ref_copy(s->m, s->state, plan_row_get(s->m, answer, ANSWER_STATE));
  return call->made = tree_of_value(s, plan_row_get(s->m, answer, ANSWER_FORM));
}
