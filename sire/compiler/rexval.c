#include "sire/compiler/rexval.h"
#include "common/base/mem.h"
#include "sire/compiler/report.h"
#include <string.h>

static const struct {
  const char *name;
  uint8_t fields;
} constructors[9] = {
    [REX_WORD] = {"##WORD", 2},  [REX_TEXT] = {"##TEXT", 2}, [REX_LINE] = {"##LINE", 2},
    [REX_EMBED] = {"##EMBD", 1}, [REX_OPEN] = {"##OPEN", 3}, [REX_NEST] = {"##NEST", 3},
    [REX_INFX] = {"##INFX", 3},  [REX_PREF] = {"##PREF", 3}, [REX_SHUT] = {"##SHUT", 3},
};

void rexval_init(Sire *s) {
  for (int k = REX_WORD; k <= REX_SHUT; k++) {
    RefMark mark = refs_mark(s->m);
    Ref name = plan_nat_bytes(s->m, constructors[k].name, strlen(constructors[k].name));
    Ref law = plan_law(s->m, name, plan_nat(s->m, constructors[k].fields + 1u), plan_nat(s->m, 0));
    s->rex_pins[k] = refs_keep(s->m, mark, plan_pin(s->m, law));
    s->seen_pins[k] = ref_dup(s->m, s->rex_pins[k]);
  }
}

// --- making --------------------------------------------------------------------------------------
static Tree *new_tree(Sire *s, TreeKind kind) {
  Tree *t = arena_alloc(&s->arena, sizeof *t);
  t->kind = kind;
  return t;
}

Tree *tree_of_rex(Sire *s, const Rex *x) {
  Tree *t = new_tree(s, TREE_UNREAD);
  t->src = x;
  return t;
}

Tree *tree_of_value(Sire *s, Ref v) {
  Tree *t = new_tree(s, TREE_UNREAD);
  t->value = v;
  return t;
}

Tree *tree_leaf(Sire *s, RexKind kind, const char *text, Tree *heir) {
  Tree *t = new_tree(s, TREE_LEAF);
  t->style = kind;
  t->text = text;
  t->len = (uint32_t)strlen(text);
  t->heir = heir;
  return t;
}

Tree *tree_node(Sire *s, RexKind style, const char *rune, Tree *const *sons, uint32_t count, Tree *heir) {
  Tree *t = tree_leaf(s, style, rune, heir);
  t->kind = TREE_NODE;
  t->count = count;
  if (count > 0) t->sons = arena_alloc(&s->arena, mem_mul(count, sizeof *sons));
  if (count > 0) memcpy(t->sons, sons, count * sizeof *sons);
  return t;
}

Tree *tree_without_heir(Sire *s, Tree *t) {
  if (t->heir == NULL) return t;
  Tree *bare = new_tree(s, t->kind);
  *bare = *t;
  bare->heir = NULL;
  bare->value = 0;
  return bare;
}

bool tree_text_is(const Tree *t, const char *text) {
  return t->len == strlen(text) && memcmp(t->text, text, t->len) == 0;
}

// --- from source ---------------------------------------------------------------------------------
static void open_rex(Sire *s, Tree *t) {
  const Rex *x = t->src;
  t->style = x->kind;
  if (x->kind == REX_EMBED) {
    t->kind = TREE_EMBED;
    t->embed = (Ref)x->embed;
    return;
  }
  t->kind = rex_is_leaf(x) ? TREE_LEAF : TREE_NODE;
  t->text = x->text;
  t->len = x->len;
  t->count = x->count;
  if (x->count > 0) t->sons = arena_alloc(&s->arena, mem_mul(x->count, sizeof *t->sons));
  for (uint32_t i = 0; i < x->count; i++) t->sons[i] = tree_of_rex(s, x->sons[i]);
  if (x->heir != NULL) t->heir = tree_of_rex(s, x->heir);
}

// --- from values ---------------------------------------------------------------------------------
// Which constructor a pin is: by identity with one met before, else by its law's shape.
static bool constructor_of(Sire *s, Ref head, RexKind *kind) {
  Value v = val_deref(ref_get(s->m, head));
  for (int k = REX_WORD; k <= REX_SHUT; k++) {
    if (v == ref_get(s->m, s->rex_pins[k]) || v == ref_get(s->m, s->seen_pins[k])) {
      *kind = (RexKind)k;
      return true;
    }
  }
  if (plan_form(s->m, head) != FORM_PIN) return false;
  Ref law = plan_pin_item(s->m, head);
  if (plan_form(s->m, law) != FORM_LAW) return false;
  uint64_t body = 1, arity = 0;
  if (!plan_nat_u64(s->m, plan_law_body(s->m, law), &body) || body != 0) return false;
  if (!plan_nat_u64(s->m, plan_law_arity(s->m, law), &arity)) return false;
  Ref name = plan_law_name(s->m, law);
  for (int k = REX_WORD; k <= REX_SHUT; k++) {
    if (arity != constructors[k].fields + 1u || !plan_nat_is_text(s->m, name, constructors[k].name)) continue;
    ref_copy(s->m, s->seen_pins[k], head);
    *kind = (RexKind)k;
    return true;
  }
  return false;
}

// The bytes of a nat that must be one. *ok false: no nat.
static bool open_text(Sire *s, Tree *t, Ref text, bool *ok) {
  if (!sire_whnf(s, text, "a part of a Rex tree")) return false;
  *ok = plan_kind(s->m, text) == KIND_NAT;
  if (!*ok) return true;
  Name n = name_of_nat(s, text);
  t->text = n.bytes;
  t->len = (uint32_t)n.len;
  return true;
}

static bool open_heir(Sire *s, Tree *t, Ref heir) {
  if (!sire_whnf(s, heir, "a part of a Rex tree")) return false;
  uint64_t n;
  bool none = plan_kind(s->m, heir) == KIND_NAT && plan_nat_u64(s->m, heir, &n) && n == 0;
  t->heir = none ? NULL : tree_of_value(s, heir);
  return true;
}

static bool open_sons(Sire *s, Tree *t, Ref sons, bool *ok) {
  if (!sire_whnf(s, sons, "a part of a Rex tree")) return false;
  *ok = plan_kind(s->m, sons) == KIND_ROW && plan_len(s->m, sons) <= UINT32_MAX - 1;
  if (!*ok) return true;
  t->count = (uint32_t)plan_len(s->m, sons);
  if (t->count > 0) t->sons = arena_alloc(&s->arena, mem_mul(t->count, sizeof *t->sons));
  for (uint32_t i = 0; i < t->count; i++) t->sons[i] = tree_of_value(s, plan_row_get(s->m, sons, i));
  return true;
}

static bool open_value(Sire *s, Tree *t) {
  Machine *m = s->m;
  if (!sire_whnf(s, t->value, "a Rex tree")) return false;
  t->kind = TREE_BAD;
  RexKind kind;
  if (plan_kind(m, t->value) != KIND_APP) return true;
  if (!constructor_of(s, plan_head(m, t->value), &kind)) return true;
  if (plan_arg_count(m, t->value) != constructors[kind].fields) return true;
  t->style = kind;
  bool ok = true;
  if (kind == REX_EMBED) {
    t->embed = plan_arg(m, t->value, 0);
    t->kind = TREE_EMBED;
    return true;
  }
  bool leaf = kind <= REX_LINE;
  if (!open_text(s, t, plan_arg(m, t->value, 0), &ok)) return false;
  if (ok && !leaf && !open_sons(s, t, plan_arg(m, t->value, 1), &ok)) return false;
  if (!ok) return true;
  if (!open_heir(s, t, plan_arg(m, t->value, leaf ? 1 : 2))) return false;
  t->kind = leaf ? TREE_LEAF : TREE_NODE;
  return true;
}

bool tree_open(Sire *s, Tree *t) {
  if (t->kind != TREE_UNREAD) return true;
  if (t->value != 0) return open_value(s, t);
  open_rex(s, t);
  return true;
}

bool tree_open_kids(Sire *s, Tree *t) {
  for (uint32_t i = 0; i < tree_kid_count(t); i++)
    if (!tree_open(s, tree_kid(t, i))) return false;
  return true;
}

// --- to values -----------------------------------------------------------------------------------
static Ref node_value(Sire *s, Tree *t, Ref heir) {
  Machine *m = s->m;
  if (t->kind == TREE_EMBED) return plan_apply(m, s->rex_pins[REX_EMBED], &t->embed, 1);
  Ref text = plan_nat_bytes(m, t->text, t->len);
  if (t->kind == TREE_LEAF) return plan_apply(m, s->rex_pins[t->style], (Ref[]){text, heir}, 2);
  Ref *sons = mem_alloc(mem_mul(t->count + 1u, sizeof *sons));
  for (uint32_t i = 0; i < t->count; i++) sons[i] = tree_value(s, t->sons[i]);
  Ref row = plan_row(m, sons, t->count);
  mem_free(sons);
  return plan_apply(m, s->rex_pins[t->style], (Ref[]){text, row, heir}, 3);
}

// Recurses on sons that have no value yet. Those come from the reader, which limits their nesting, or
// are one of the few nodes that the compiler puts around them. Heirs, of any number, are looped over.
Ref tree_value(Sire *s, Tree *t) {
  if (t->value != 0) return t->value;
  size_t count = 0;
  for (Tree *h = t; h != NULL && h->value == 0; h = h->heir) {
    if (h->kind == TREE_UNREAD) open_rex(s, h);
    count++;
  }
  Tree **chain = mem_alloc(mem_mul(count, sizeof *chain));
  Tree *h = t;
  for (size_t i = 0; i < count; i++, h = h->heir) chain[i] = h;
  Ref heir = h != NULL ? h->value : plan_nat(s->m, 0);
  for (size_t i = count; i-- > 0;) heir = chain[i]->value = node_value(s, chain[i], heir);
  mem_free(chain);
  return t->value;
}

// --- for messages --------------------------------------------------------------------------------
Rex *tree_to_rex(Sire *s, const Tree *t, uint32_t *budget) {
  Tree open = *t;
  s->peeking = true;
  bool known = *budget > 0 && tree_open(s, &open) && open.kind != TREE_BAD;
  s->peeking = false;
  if (!known) return rex_embed(&s->arena, 0);
  t = &open;
  *budget -= 1;
  if (t->kind == TREE_EMBED) return rex_embed(&s->arena, t->embed);
  uint32_t n = t->count < *budget ? t->count : *budget;
  Rex **sons = mem_alloc(mem_mul(n + 1u, sizeof *sons));
  for (uint32_t i = 0; i < n; i++) sons[i] = tree_to_rex(s, t->sons[i], budget);
  Rex *heir = t->heir != NULL ? tree_to_rex(s, t->heir, budget) : NULL;
  Rex *x = t->kind == TREE_LEAF ? rex_leaf(&s->arena, t->style, t->text, t->len, heir)
                                : rex_node(&s->arena, t->style, t->text, t->len, sons, n, heir);
  mem_free(sons);
  return x;
}

// Searches the trees of the block that have a value. An explicit stack: heir chains are long.
const Rex *tree_source(Sire *s, const Tree *t) {
  while (t->src == NULL && t->origin != NULL) t = t->origin;
  if (t->src != NULL) return t->src;
  if (t->value == 0 || s->root == NULL) return NULL;
  Value want = val_deref(ref_get(s->m, t->value));
  if (!val_is_ptr(want)) return NULL;
  const Tree **todo = NULL;
  size_t count = 0, cap = 0;
  const Rex *found = NULL;
  mem_reserve(todo, cap, 1);
  todo[count++] = s->root;
  while (found == NULL && count > 0) {
    const Tree *x = todo[--count];
    if (x->value != 0 && x->src != NULL && val_deref(ref_get(s->m, x->value)) == want) found = x->src;
    uint32_t kids = x->kind == TREE_LEAF || x->kind == TREE_NODE ? tree_kid_count(x) : 0;
    mem_reserve(todo, cap, count + kids);
    for (uint32_t i = 0; i < kids; i++) todo[count++] = tree_kid(x, i);
  }
  mem_free(todo);
  return found;
}
